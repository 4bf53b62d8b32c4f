// SPDX-License-Identifier: MIT
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Mount, MountCalls } from '@img-build/interfaces';

/** Mounts a root file system at `target`; the returned function unmounts it. */
export function mountRoot(
  host: MountCalls,
  mounts: readonly Mount[],
  target: string,
  options: { readonly volatile: boolean },
): () => void {
  const done: (() => void)[] = [];
  const undo = (): void => {
    for (const action of done.splice(0).reverse()) action();
  };
  try {
    for (const { source, type, options: words } of mounts) {
      const work = words.find((word) => word.startsWith('workdir='))?.slice('workdir='.length);
      const volatile = options.volatile && work !== undefined;
      if (volatile) done.push(() => forgetVolatile(work));
      host.mount(source, target, type, volatile ? [...words, 'volatile'] : words);
      done.push(() => host.unmount(target));
    }
  } catch (error) {
    undo();
    throw error;
  }
  return undo;
}

/** The kernel refuses the next mount of a volatile overlay until this mark is gone, lest a crash went unnoticed. */
function forgetVolatile(work: string): void {
  rmSync(join(work, 'work', 'incompat', 'volatile'), { recursive: true, force: true });
}
