// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { messageOf } from '@img-build/errors';
import { HostError } from '../host-error.ts';

/** What the native part of koffi offers, as far as it is used here. */
export interface NativeLibrary {
  /** Binds a C function by its prototype; `void *` parameters take strings, buffers or null. */
  bind(prototype: string): NativeFunction;
  /** errno of this thread's last call. */
  errno(): number;
}

/** A C function; 64-bit results come back as a bigint only when they do not fit a number. */
export type NativeFunction = (...args: readonly (number | bigint | string | Uint8Array | null)[]) => number;

interface Koffi {
  load(path: null): { func(prototype: string): NativeFunction };
  errno(): number;
}

/**
 * Loads koffi's binary directly, which takes a tenth of the time of its JavaScript part: first
 * `native/koffi-<glibc|musl>-<arch>.node` next to the running module (a bundle), then the npm package.
 *
 * @throws HostError `HOST_NATIVE_MISSING`
 */
export function loadNativeLibrary(): NativeLibrary {
  const failures: string[] = [];
  for (const path of candidates(process.arch)) {
    try {
      const module = { exports: {} as Koffi };
      process.dlopen(module, path);
      const koffi = module.exports;
      const library = koffi.load(null);
      return { bind: (prototype) => library.func(prototype), errno: () => koffi.errno() };
    } catch (error) {
      failures.push(messageOf(error));
    }
  }
  throw new HostError(
    `no native library for ${process.platform} ${process.arch}${failures.map((text) => `: ${text}`).join('')}`,
    {
      code: 'HOST_NATIVE_MISSING',
      hint: `reinstall with optional dependencies, so that @koromix/koffi-linux-${process.arch} is there`,
    },
  );
}

/** Paths of existing binaries, the likeliest C library first; a wrong one fails to load and does no harm. */
function candidates(arch: string): readonly string[] {
  const require = createRequire(import.meta.url);
  let installed: string | undefined;
  try {
    installed = require.resolve(`@koromix/koffi-linux-${arch}/package.json`).replace(/package\.json$/, '');
  } catch {
    installed = undefined;
  }
  const paths: string[] = [];
  for (const libc of libcs(arch)) {
    paths.push(fileURLToPath(new URL(`./native/koffi-${libc}-${arch}.node`, import.meta.url)));
    if (installed !== undefined)
      paths.push(`${installed}${libc === 'musl' ? 'musl' : 'linux'}_${arch}/koffi.node`);
  }
  return paths.filter((path) => existsSync(path));
}

/** Decided by looking for musl's loader: asking Node's diagnostic report costs six milliseconds. */
function libcs(arch: string): readonly ('glibc' | 'musl')[] {
  const musl = existsSync(`/lib/ld-musl-${arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`);
  const glibc = existsSync(arch === 'arm64' ? '/lib/ld-linux-aarch64.so.1' : '/lib64/ld-linux-x86-64.so.2');
  return musl && !glibc ? ['musl', 'glibc'] : ['glibc', 'musl'];
}
