// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';

/** The part of an answer that can be said in one value. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  readonly body?: Buffer | string | undefined;
}

/** An error as registries word it. @see distribution-spec v1.1.1, "Error Codes" */
export function failure(status: number, code: string, message: string = code.toLowerCase()): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ errors: [{ code, message }] }),
  };
}

/** An answer in JSON. */
export function json(value: unknown, headers: Answer['headers'] = {}): Answer {
  return {
    status: 200,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(value),
  };
}

/** The digest of bytes. */
export function sha256(bytes: Buffer): string {
  return digestLike('sha256:', [bytes]);
}

/** The digest of bytes in pieces, by the algorithm of `like`; empty for an algorithm unknown here. */
export function digestLike(like: string, pieces: readonly Buffer[]): string {
  const algorithm = like.slice(0, like.indexOf(':'));
  if (!['sha256', 'sha384', 'sha512'].includes(algorithm)) return '';
  const hash = createHash(algorithm);
  for (const piece of pieces) hash.update(piece);
  return `${algorithm}:${hash.digest('hex')}`;
}
