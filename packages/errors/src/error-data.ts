// SPDX-License-Identifier: MIT
import { isToolError, ToolError } from './tool-error.ts';

/** An error as plain data, to cross a process border or to be stored. */
export interface ErrorData {
  readonly message: string;
  readonly code?: string | undefined;
  readonly hint?: string | undefined;
  readonly stack?: string | undefined;
  readonly cause?: ErrorData | undefined;
  /** JSON-safe facts a subclass adds (exit code, path …); restored as own properties. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

const OWN_KEYS = new Set(['message', 'code', 'hint', 'stack', 'cause', 'name', '__proto__']);
const MAX_DEPTH = 8;

/**
 * Turns anything thrown into {@link ErrorData}; own enumerable JSON-safe properties, at most eight levels deep, are kept
 * as `details`.
 */
export function errorToData(error: unknown, depth = 0): ErrorData {
  if (typeof error !== 'object' || error === null) return { message: String(error) };
  const from = error as Record<string, unknown>;
  const details: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(from)) {
    if (!OWN_KEYS.has(key) && isJsonSafe(value)) details[key] = value;
  }
  return {
    message: typeof from['message'] === 'string' ? from['message'] : String(error),
    code: typeof from['code'] === 'string' ? from['code'] : undefined,
    hint: typeof from['hint'] === 'string' ? from['hint'] : undefined,
    stack: typeof from['stack'] === 'string' ? from['stack'] : undefined,
    cause:
      from['cause'] === undefined || depth >= MAX_DEPTH ? undefined : errorToData(from['cause'], depth + 1),
    details: Object.keys(details).length > 0 ? details : undefined,
  };
}

/** Rebuilds an error from {@link ErrorData}: a {@link ToolError} when it had a code, else a plain `Error`. */
export function errorFromData(data: ErrorData): Error {
  const options = data.cause === undefined ? {} : { cause: errorFromData(data.cause) };
  const error =
    data.code === undefined
      ? new Error(data.message, options)
      : new ToolError(data.message, { code: data.code, hint: data.hint, ...options });
  if (data.stack !== undefined) error.stack = data.stack;
  for (const [key, value] of Object.entries(data.details ?? {})) {
    // Defined, not assigned: data from elsewhere must not reach a setter.
    if (!OWN_KEYS.has(key))
      Object.defineProperty(error, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return error;
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return errorToData(error).message;
}

/** The hint of the error, or of the nearest cause that has one. */
export function hintOf(error: unknown): string | undefined {
  for (let at: unknown = error, depth = 0; at !== undefined && at !== null && depth < MAX_DEPTH; depth++) {
    if (isToolError(at) && at.hint !== undefined) return at.hint;
    at = (at as { cause?: unknown }).cause;
  }
  return undefined;
}

function isJsonSafe(value: unknown, depth = 0): boolean {
  if (value === null) return true;
  if (depth > MAX_DEPTH) return false;
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value);
    case 'object':
      return Array.isArray(value)
        ? value.every((item) => isJsonSafe(item, depth + 1))
        : Object.getPrototypeOf(Object.getPrototypeOf(value) ?? {}) === null &&
            Object.values(value).every((item) => isJsonSafe(item, depth + 1));
    default:
      return false;
  }
}
