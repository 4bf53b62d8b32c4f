// SPDX-License-Identifier: MIT
import type { HostCalls } from '@img-build/interfaces';
import { createFileCalls } from './file-calls.ts';
import { createMountCalls } from './mount-calls.ts';
import { loadNativeLibrary } from './native-library.ts';
import { createXattrCalls } from './xattr-calls.ts';

/**
 * The system calls Node lacks. Takes about a millisecond; create one per thread.
 *
 * Errors look like those of `node:fs`. `mount` takes overlay options with absolute, unescaped paths, as a
 * snapshotter gives them, and copes with up to 500 layers; a bind mount keeps the flags (`nosuid` …) of its source.
 *
 * @throws HostError `HOST_NATIVE_MISSING`
 */
export function createHostCalls(): HostCalls {
  const library = loadNativeLibrary();
  return { ...createMountCalls(library), ...createXattrCalls(library), ...createFileCalls(library) };
}
