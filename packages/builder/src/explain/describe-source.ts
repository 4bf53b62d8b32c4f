// SPDX-License-Identifier: MIT
import type { SourceOp } from '@img-build/llb';
import type { Digest } from '@img-build/oci';
import type { StepSource } from './step-description.ts';

/** Docker's own names, as users write them. */
const FAMILIAR = /^docker\.io\/(?:library\/)?/;

/** What a source is called and which state of it is used. @param key - digest of its first cache map. */
export function describeSource({ identifier }: SourceOp, key: Digest | undefined): StepSource {
  const separator = identifier.indexOf('://');
  const [scheme, rest] = [identifier.slice(0, separator), identifier.slice(separator + 3)];
  if (scheme === 'docker-image' || scheme === 'oci-layout') {
    const at = rest.indexOf('@');
    const name = (at < 0 ? rest : rest.slice(0, at)).replace(FAMILIAR, '');
    return { kind: 'image', name, pin: at < 0 ? (key ?? '') : rest.slice(at + 1) };
  }
  if (scheme === 'git') return { kind: 'git', name: withoutLogin(rest), pin: key ?? '' };
  if (scheme === 'http' || scheme === 'https')
    return { kind: 'http', name: withoutLogin(identifier), pin: key ?? '' };
  return { kind: 'other', name: identifier, pin: key ?? '' };
}

/** Nobody's password is kept. */
function withoutLogin(address: string): string {
  return address.replace(/^((?:[a-z+]+:\/\/)?)[^/@]*@/, '$1').replace(/\?.*$/s, '');
}
