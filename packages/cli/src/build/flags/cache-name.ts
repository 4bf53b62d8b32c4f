// SPDX-License-Identifier: MIT

/** What explanations call a cache of `--cache-from`: its reference or folder. */
export function cacheName(text: string): string {
  return /(?:^|,)\s*(?:ref|src)=([^,]+)/.exec(text)?.[1]?.trim() ?? text.trim();
}
