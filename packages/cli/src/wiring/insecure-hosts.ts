// SPDX-License-Identifier: MIT
import { parseReference, type Reference } from '@img-build/oci';
import type { HostTable } from '@img-build/registry-client';

/** Settings that allow plain http, or a certificate nobody vouches for, at the registry of one reference. */
export function insecureHosts(insecure: boolean, { domain }: Reference): HostTable | undefined {
  return insecure ? { [domain]: { insecure: true } } : undefined;
}

/** The same for the registries of several names. */
export function insecureNames(insecure: boolean, names: readonly string[]): HostTable | undefined {
  if (!insecure) return undefined;
  return Object.fromEntries(names.map((name) => [parseReference(name).domain, { insecure: true }]));
}
