// SPDX-License-Identifier: MIT
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '@img-build/errors';
import type { MountCalls, XattrCalls } from '@img-build/interfaces';
import { overlayWords } from './overlay-snapshotter.ts';
import { removeTree } from './remove-tree.ts';
import { SnapshotError } from './snapshot-error.ts';

/** Begin of the names of folders for attempts. */
const PROBE = 'probe-';

/** What to choose from, and for which folder. */
export interface ChooseBackendOptions {
  /** Where the snapshots will be; made when missing. */
  readonly root: string;
  readonly host: MountCalls & XattrCalls;
  readonly wanted: 'auto' | 'native' | 'overlayfs';
}

/** The choice. */
export type ChosenBackend =
  | { readonly backend: 'overlayfs'; readonly userxattr: boolean }
  /** `reason`: why overlayfs does not work, when it was tried. */
  | { readonly backend: 'native'; readonly reason?: string | undefined };

/**
 * Finds out whether overlayfs works below `root` by mounting a real one and checking what a replaced folder leaves
 * behind; must be called where mounting is allowed. Takes about two milliseconds; nothing is remembered.
 *
 * @throws SnapshotError `SNAPSHOT_BACKEND_UNAVAILABLE` when `overlayfs` was asked for and does not work
 */
export async function chooseBackend({ root, host, wanted }: ChooseBackendOptions): Promise<ChosenBackend> {
  if (wanted === 'native') return { backend: 'native' };
  const userxattr = insideUserNamespace();
  const reason = await tryOverlay(root, host, userxattr);
  if (reason === undefined) return { backend: 'overlayfs', userxattr };
  if (wanted === 'auto') return { backend: 'native', reason };
  throw new SnapshotError(`overlayfs does not work in ${root}: ${reason}`, {
    code: 'SNAPSHOT_BACKEND_UNAVAILABLE',
    hint: 'use --backend native, or a --state folder on ext4, xfs, btrfs or tmpfs',
  });
}

/** Removes what attempts left whose process was killed. None may be under way below `root`. */
export async function removeProbes(root: string): Promise<void> {
  if (!existsSync(root)) return;
  for (const name of readdirSync(root)) if (name.startsWith(PROBE)) await removeTree(join(root, name));
}

async function tryOverlay(
  root: string,
  host: MountCalls & XattrCalls,
  userxattr: boolean,
): Promise<string | undefined> {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const folder = mkdtempSync(join(root, PROBE));
  const [lower, upper, work, merged] = ['lower', 'upper', 'work', 'merged'].map((name) =>
    join(folder, name),
  ) as [string, string, string, string];
  let mounted = false;
  try {
    mkdirSync(join(lower, 'replaced'), { recursive: true });
    writeFileSync(join(lower, 'replaced', 'file'), '');
    for (const path of [upper, work, merged]) mkdirSync(path);
    host.mount('overlay', merged, 'overlay', [
      `lowerdir=${lower}`,
      `upperdir=${upper}`,
      `workdir=${work}`,
      ...overlayWords(userxattr),
    ]);
    mounted = true;
    rmSync(join(merged, 'replaced'), { recursive: true });
    mkdirSync(join(merged, 'replaced'));
    const mark = host.getXattr(join(upper, 'replaced'), `${userxattr ? 'user' : 'trusted'}.overlay.opaque`);
    if (mark === undefined || Buffer.from(mark).toString() !== 'y')
      return 'a replaced folder is not marked as such';
    if (readdirSync(join(merged, 'replaced')).length > 0) return 'a replaced folder shows what it replaced';
    return undefined;
  } catch (error) {
    return messageOf(error);
  } finally {
    if (mounted) host.unmount(merged);
    await removeTree(folder);
  }
}

/** In the initial user namespace all ids map to themselves. */
function insideUserNamespace(): boolean {
  return (
    existsSync('/proc/self/uid_map') &&
    !/^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'))
  );
}
