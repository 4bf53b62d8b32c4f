// SPDX-License-Identifier: MIT
import { posix } from 'node:path';

/** Name a download gets: the last part of its address. */
export function fileNameOf(url: string): string {
  const base = URL.canParse(url) ? posix.basename(decodePath(new URL(url).pathname)) : '';
  return base === '' ? '__unnamed__' : base;
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
