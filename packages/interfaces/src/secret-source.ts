// SPDX-License-Identifier: MIT
import type { AbortOptions } from './abort.ts';

/**
 * What answers a step that asks for signatures. `socket` is the path of a running agent's socket on the host; `keys` are
 * the contents of private key files (OpenSSH, PKCS#8, PKCS#1 or SEC1, without a passphrase).
 */
export type SshAgent =
  | { readonly type: 'socket'; readonly path: string }
  | { readonly type: 'keys'; readonly keys: readonly Uint8Array[] };

/** Secrets and agents that the user gave to a build. Asked when a step is about to run, and never kept. */
export interface SecretSource {
  /** The secret's bytes, at most 512,000; `undefined` when the user gave none of that id. */
  secret(id: string, options?: AbortOptions): Promise<Uint8Array | undefined>;
  /** The agent of that id (`default` when a Dockerfile names none), or `undefined`. */
  agent(id: string, options?: AbortOptions): Promise<SshAgent | undefined>;
}
