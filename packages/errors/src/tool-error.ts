// SPDX-License-Identifier: MIT

/** Shared through the global registry, so that every copy of this package recognises the others' errors. */
const BRAND: symbol = Symbol.for('@img-build/tool-error');

/** Facts every error of this project carries besides its message. */
export interface ToolErrorInit<Code extends string> extends ErrorOptions {
  /** Stable identifier, listed in the README of the package that throws it; never reworded once released. */
  readonly code: Code;
  /** One sentence telling the user what to try next; printed by the CLI only. */
  readonly hint?: string | undefined;
}

/** Base of all errors thrown on purpose; anything else that escapes is a bug. */
export class ToolError<Code extends string = string> extends Error {
  override readonly name: string = 'ToolError';
  readonly code: Code;
  readonly hint: string | undefined;

  constructor(message: string, { code, hint, ...options }: ToolErrorInit<Code>) {
    super(message, options);
    this.code = code;
    this.hint = hint;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/**
 * Tells whether `value` is a {@link ToolError}, also when it was created by
 * another copy of this package or inside a test sandbox, where `instanceof`
 * answers false.
 *
 * @param codes - when given, one of them must match as well.
 */
export function isToolError<Code extends string>(
  value: unknown,
  ...codes: readonly Code[]
): value is ToolError<Code> {
  if (typeof value !== 'object' || value === null || !(BRAND in value)) return false;
  return codes.length === 0 || codes.includes((value as ToolError<Code>).code);
}
