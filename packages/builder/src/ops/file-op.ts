// SPDX-License-Identifier: MIT
import { posix } from 'node:path';
import type { ChecksumSelector, Op, OpContext, Result, Vertex } from '@img-build/interfaces';
import type { FileAction, FileOp } from '@img-build/llb';
import type { Digest } from '@img-build/oci';
import { type BuildContext, reserveRecords, treeOf } from '../build-context.ts';
import { asBuildResult, type BuildResult, recordIdOf, recordResult } from '../build-result.ts';
import { BuilderError } from '../builder-error.ts';
import { fileRequest } from './file-request.ts';

/** What a file op reads of its inputs, by their number. */
export interface FileOpContent {
  readonly content: readonly (readonly ChecksumSelector[] | undefined)[];
  /** What it was when its cache key was made. */
  readonly digests: ReadonlyMap<number, readonly Digest[]>;
}

/** Changes files without running a program. */
export function createFileOp(
  context: BuildContext,
  file: FileOp,
  vertex: Vertex,
  { content, digests }: FileOpContent,
  cacheMap: Op['cacheMap'],
): Op {
  const outputCount = Math.max(0, ...file.actions.map(({ output }) => output + 1));

  async function execute(inputs: readonly Result[], options: OpContext): Promise<readonly Result[]> {
    const results = inputs.map(asBuildResult);
    const trees = await Promise.all(results.map((result) => treeOf(context, result, vertex.digest, options)));
    const before = await hostDigests(results, options, (input) => digests.get(input));
    const names = reserveRecords(context, outputCount);
    await context.worker.file(fileRequest(file, trees, names), options);
    try {
      assertUnchanged(before, await hostDigests(results, options));
    } catch (error) {
      await context.worker.remove(names);
      throw error;
    }
    return names.map((name, output) => {
      const step = file.actions.findIndex((action) => action.output === output);
      const parent = baseOf(file.actions, step, results);
      context.records.put({
        id: name,
        parent,
        type: 'regular',
        description: describe(file.actions[step]),
      });
      return recordResult(name);
    });
  }

  /** A folder of the host may change while it is read; then what was copied is not what the cache key says. */
  async function hostDigests(
    results: readonly BuildResult[],
    options: OpContext,
    known: (input: number) => readonly string[] | undefined = () => undefined,
  ): Promise<readonly string[]> {
    const found = results.map(async (result, input) => {
      const selectors = content[input];
      if (selectors === undefined || result.type !== 'tree' || result.tree.type !== 'host') return [];
      return known(input) ?? (await context.checksum(result.tree, selectors, options));
    });
    return (await Promise.all(found)).flat();
  }

  return { cacheMap, execute, weight: 'heavy' };
}

function assertUnchanged(before: readonly string[], after: readonly string[]): void {
  if (before.every((digest, index) => digest === after[index])) return;
  throw new BuilderError('files of the build context changed while they were being copied', {
    code: 'BUILD_CONTEXT_CHANGED',
    hint: 'run the build again when nothing writes to the context',
  });
}

/** The record that the chain of actions ending at `step` started from. */
function baseOf(
  actions: readonly FileAction[],
  step: number,
  inputs: readonly BuildResult[],
): string | undefined {
  let at = actions[step]?.input ?? -1;
  while (at >= inputs.length) at = actions[at - inputs.length]?.input ?? -1;
  const input = inputs[at];
  return input === undefined ? undefined : recordIdOf(input);
}

function describe(action: FileAction | undefined): string {
  switch (action?.type) {
    case 'copy':
      return `copy ${posix.join('/', action.copy.src)} ${action.copy.dest}`;
    case 'mkdir':
      return `mkdir ${action.mkdir.path}`;
    case 'mkfile':
      return `mkfile ${action.mkfile.path}`;
    case 'rm':
      return `rm ${action.rm.path}`;
    case 'symlink':
      return `symlink ${action.symlink.oldpath} ${action.symlink.newpath}`;
    case undefined:
      return 'file';
  }
}
