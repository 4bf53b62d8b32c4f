// SPDX-License-Identifier: MIT
import { isSpace } from '../characters.ts';

/** `value` as a flag has to be written to mean it; line feeds cannot be written. */
export function writeFlagValue(value: string): string {
  const escaped = value.replace(/["'\\]/g, '\\$&');
  return hasSpace(value) ? `"${escaped}"` : escaped;
}

/** A field of comma-separated values. */
export function writeCsvField(field: string): string {
  return /[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/** A whole flag; `true` stands for a flag without value. */
export function writeFlag(name: string, value: string | true): string {
  return value === true ? `--${name}` : `--${name}=${writeFlagValue(value)}`;
}

function hasSpace(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    if (isSpace(text.charCodeAt(at))) return true;
  }
  return false;
}
