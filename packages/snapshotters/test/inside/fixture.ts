// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHostCalls } from '@img-build/host';
import type { HostCalls, Mount } from '@img-build/interfaces';
import { createMemorySnapshotBook, type OpenSnapshot } from '@img-build/testkit';
import { afterAll } from '@jest/globals';
import {
  chooseBackend,
  createNativeSnapshotter,
  createOverlaySnapshotter,
  type FolderSnapshotter,
} from '../../src/index.ts';

export const host: HostCalls = createHostCalls();
export const parent: string = mkdtempSync(join(tmpdir(), 'img-snap-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

/** A backend with an empty folder and book. */
export async function createBackend(
  backend: 'native' | 'overlayfs',
): Promise<{ snapshotter: FolderSnapshotter; root: string }> {
  const root = mkdtempSync(join(parent, 's:'));
  const book = createMemorySnapshotBook();
  if (backend === 'native') return { snapshotter: createNativeSnapshotter({ root, book, host }), root };
  const chosen = await chooseBackend({ root, host, wanted: 'overlayfs' });
  return {
    snapshotter: createOverlaySnapshotter({
      root,
      book,
      host,
      userxattr: chosen.backend === 'overlayfs' && chosen.userxattr,
    }),
    root,
  };
}

/** Mounts somewhere; `close` unmounts. */
export function mountAt(mounts: readonly Mount[]): { readonly path: string; close(): Promise<void> } {
  const path = mkdtempSync(join(parent, 'm'));
  for (const { source, type, options } of mounts) host.mount(source, path, type, options);
  return {
    path,
    async close() {
      host.unmount(path);
    },
  };
}

/** Text files at the root of a mounted snapshot. */
export async function open(mounts: readonly Mount[]): Promise<OpenSnapshot> {
  const { path, close } = mountAt(mounts);
  return {
    write: (name, text) => writeFileSync(join(path, name), text),
    read: (name) => readFileSync(join(path, name), 'utf8'),
    remove: (name) => rmSync(join(path, name)),
    list: () => readdirSync(path).sort(),
    close,
  };
}

/** Commits a snapshot whose tree `make` writes. */
export async function commitTree(
  snapshotter: FolderSnapshotter,
  name: string,
  make: (path: string) => void,
  below?: string,
): Promise<void> {
  const { path, close } = mountAt(await snapshotter.prepare(`${name}-key`, below));
  mkdirSync(path, { recursive: true });
  make(path);
  await close();
  await snapshotter.commit(name, `${name}-key`);
}
