// SPDX-License-Identifier: MIT
import { closeSync, constants, createReadStream, openSync } from 'node:fs';
import type { HostCalls } from '@img-build/interfaces';
import { extractArchive, isTarArchive } from '@img-build/layers';
import type { ArchiveExtractor } from './file/copy-into.ts';

/** Unpacks archives for ADD; whether a file is one is decided by its content, never by its name. */
export function createArchiveExtractor(
  host: HostCalls,
  onWarning: (message: string) => void,
): ArchiveExtractor {
  return async (archive, { root, folder }, { owner, signal }) => {
    // Opened once: what was looked at is what is unpacked.
    const fd = openSync(archive, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const path = `/proc/self/fd/${fd}`;
      if (!(await isTarArchive(path))) return false;
      await extractArchive(createReadStream(path), {
        host,
        root,
        destination: Buffer.from(folder(), 'latin1'),
        owner: owner ?? 'archive',
        signal,
        onWarning,
      });
      return true;
    } finally {
      closeSync(fd);
    }
  };
}
