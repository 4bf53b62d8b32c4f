// SPDX-License-Identifier: MIT
import { statSync } from 'node:fs';

const REMOTE = /^(?:https?|git|ssh):\/\/|^[\w-]+@[\w.-]+:|^github\.com\//i;

/** Tells whether a context argument is an address; a folder of that name wins. */
export function isRemoteContext(context: string): boolean {
  return REMOTE.test(context) && statSync(context, { throwIfNoEntry: false })?.isDirectory() !== true;
}

/** Tells whether `--file` is the address of a Dockerfile. */
export function isDownload(file: string | undefined): file is string {
  return /^https?:\/\//i.test(file ?? '');
}
