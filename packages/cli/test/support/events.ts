// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import type { BuildEvent } from '@img-build/interfaces';
import type { Digest } from '@img-build/oci';

/** The vertex that tests call `name`. */
export function vertex(name: string): Digest {
  return `sha256:${createHash('sha256').update(name).digest('hex')}`;
}

export function added(of: string, name: string): BuildEvent {
  return { type: 'vertex-added', vertex: vertex(of), name, inputs: [] };
}

export function started(of: string, at: number): BuildEvent {
  return { type: 'vertex-started', vertex: vertex(of), at };
}

export function logged(of: string, text: string | Uint8Array, at: number, stream: 1 | 2 = 1): BuildEvent {
  return { type: 'vertex-logged', vertex: vertex(of), stream, data: Buffer.from(text), at };
}

export function completed(
  of: string,
  at: number,
  outcome: { readonly cached?: boolean; readonly error?: string; readonly canceled?: boolean } = {},
): BuildEvent {
  return { type: 'vertex-completed', vertex: vertex(of), at, cached: false, ...outcome };
}
