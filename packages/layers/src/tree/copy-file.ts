// SPDX-License-Identifier: MIT
import { chmodSync, constants, copyFileSync, readlinkSync, symlinkSync } from 'node:fs';
import type { HostCalls } from '@img-build/interfaces';
import { type ByteString, pathOf } from '../tar/byte-string.ts';
import { readAttributes, setModified, setOwner, setXattrs, type Warn } from './attributes.ts';
import { deviceMajor, deviceMinor } from './file-header.ts';
import type { Found } from './folder-stack.ts';

const DEVICE_TYPES = 0o170000n;

/** Copies one file, symlink or node, attributes included, to a path where nothing is. */
export function copyFile(host: HostCalls, from: Found, to: ByteString, warn: Warn): void {
  const { stat, path } = from;
  const attributes = readAttributes(host, path, stat);
  if (stat.isFile())
    copyFileSync(pathOf(path), pathOf(to), constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  else if (stat.isSymbolicLink()) symlinkSync(readlinkSync(pathOf(path), { encoding: 'buffer' }), pathOf(to));
  else {
    host.makeNode(
      pathOf(to),
      Number(stat.mode & DEVICE_TYPES) | attributes.mode,
      deviceMajor(stat.rdev),
      deviceMinor(stat.rdev),
    );
  }
  setOwner(to, attributes.uid, attributes.gid);
  if (!stat.isSymbolicLink()) chmodSync(pathOf(to), attributes.mode);
  setXattrs(host, to, attributes.xattrs, warn);
  setModified(host, to, attributes.modified);
}
