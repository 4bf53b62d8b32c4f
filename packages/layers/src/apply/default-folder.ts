// SPDX-License-Identifier: MIT
import { NO_XATTRS } from '../tar/tar-header.ts';
import type { Attributes } from '../tree/attributes.ts';

/** A folder that nobody described: the same on every machine and in every run. */
export const DEFAULT_FOLDER: Attributes = {
  mode: 0o755,
  uid: 0,
  gid: 0,
  modified: { seconds: 0n, nanoseconds: 0 },
  xattrs: NO_XATTRS,
};
