// SPDX-License-Identifier: MIT

/**
 * Tells whether `value` is an error of the operating system with one of `codes` (`ENOENT`, `EEXIST` …).
 *
 * Looks at the `code` alone: errors made by Node's core belong to another realm inside test sandboxes, where
 * `instanceof Error` answers false.
 */
export function isSystemError(value: unknown, ...codes: readonly string[]): value is NodeJSErrnoLike {
  if (typeof value !== 'object' || value === null) return false;
  const code = (value as { code?: unknown }).code;
  return (
    typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) && (codes.length === 0 || codes.includes(code))
  );
}

/** The shape of an operating system's error as Node reports it. */
export interface NodeJSErrnoLike {
  readonly code: string;
  readonly message: string;
  readonly path?: string;
  readonly syscall?: string;
}
