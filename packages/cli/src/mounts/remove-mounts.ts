// SPDX-License-Identifier: MIT
import { ToolError } from '@img-build/errors';
import type { CommandContext } from '../command.ts';
import { UsageError } from '../usage-error.ts';
import { chosenMounts, type LocalMount, localMounts } from './local-mounts.ts';

/** `img cache mount rm ID...`, or `--all`; a mount that a build uses stays, and is said to. */
export async function removeMounts(
  { args, io, services, signal }: CommandContext,
  names: readonly string[],
): Promise<void> {
  const mounts = mountsFor(await localMounts(services), names, args.is('all'));
  const keys = mounts.map(({ key }) => key);
  const removed = new Set(await (await services.worker()).remove(keys, { signal }));
  for (const { key, shortId } of mounts) if (removed.has(key)) io.print(shortId);
  const left = mounts.filter(({ key }) => !removed.has(key)).map(({ shortId }) => shortId);
  if (left.length > 0)
    throw new ToolError(`in use by a running build: ${left.join(', ')}`, {
      code: 'CACHE_MOUNT_IN_USE',
      hint: 'try again when the build is done',
    });
}

/** The mounts a command is about. @throws UsageError */
export function mountsFor(
  mounts: readonly LocalMount[],
  names: readonly string[],
  all: boolean,
): readonly LocalMount[] {
  if (all && names.length > 0)
    throw new UsageError('--all and ids exclude each other', 'leave one of them out');
  if (!all && names.length === 0)
    throw new UsageError(
      'no cache mount is named',
      "name some as 'img cache mount ls' shows them, or use --all",
    );
  return all ? mounts : chosenMounts(mounts, names);
}
