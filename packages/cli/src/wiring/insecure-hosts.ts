// SPDX-License-Identifier: MIT
import type { Reference } from '@img-build/oci';
import type { HostTable } from '@img-build/registry-client';

/** Settings that allow plain http, or a certificate nobody vouches for, at the registry of one reference. */
export function insecureHosts(insecure: boolean, { domain }: Reference): HostTable | undefined {
  return insecure ? { [domain]: { insecure: true } } : undefined;
}
