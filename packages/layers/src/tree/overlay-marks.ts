// SPDX-License-Identifier: MIT
import type { BigIntStats } from 'node:fs';
import type { HostCalls, XattrCalls } from '@img-build/interfaces';
import { type ByteString, pathOf } from '../tar/byte-string.ts';

/** Where overlayfs keeps its marks: `user` with the mount option `userxattr`, else `trusted`. */
export type MarkNamespace = 'user' | 'trusted';

const OPAQUE_YES = Buffer.from('y');
const WHITEOUT_MODE = 0o020000;
const TYPE_MASK = 0o170000n;
const CHARACTER_DEVICE = 0o020000n;

/** Tells whether a file says "this name is gone": a character device 0:0. */
export function isWhiteout(stat: BigIntStats): boolean {
  return (stat.mode & TYPE_MASK) === CHARACTER_DEVICE && stat.rdev === 0n;
}

/** Tells whether a folder hides all that lower folders have under its name. Reads the marks of both namespaces. */
export function isOpaque(host: XattrCalls, path: ByteString): boolean {
  return (['user', 'trusted'] as const).some(
    (namespace) => host.getXattr(pathOf(path), `${namespace}.overlay.opaque`)?.[0] === OPAQUE_YES[0],
  );
}

export function makeWhiteout(host: HostCalls, path: ByteString): void {
  host.makeNode(pathOf(path), WHITEOUT_MODE, 0, 0);
}

export function markOpaque(host: HostCalls, namespace: MarkNamespace, path: ByteString): void {
  host.setXattr(pathOf(path), `${namespace}.overlay.opaque`, OPAQUE_YES);
}

/** Names the kernel or a security module owns: they describe this machine or this mount, not the file. */
export function isMachineXattr(name: string): boolean {
  return /^(?:(?:user|trusted)\.overlay\.|user\.fuseoverlayfs\.|security\.(?:selinux|ima|evm|apparmor|SMACK)|system\.nfs4_acl)/.test(
    name,
  );
}
