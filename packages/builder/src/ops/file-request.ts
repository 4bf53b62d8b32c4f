// SPDX-License-Identifier: MIT
import type { FileAction, FileRequest, FileStep, Owner, OwnerName, Tree } from '@img-build/interfaces';
import type { ChownOpt, FileOp, FileAction as LlbFileAction, UserOpt } from '@img-build/llb';

/** LLB writes "keep what is there" as -1. */
const KEEP = -1;

/** A file op as the worker takes it. `names` are the snapshot names of its outputs, in order. */
export function fileRequest(
  { actions }: FileOp,
  inputs: readonly Tree[],
  names: readonly string[],
): FileRequest {
  const steps: FileStep[] = actions.map((action) => ({
    input: action.input,
    secondary: action.secondaryInput,
    action: fileAction(action),
  }));
  const outputs = actions.flatMap(({ output }, step) => {
    const name = names[output];
    return output < 0 || name === undefined ? [] : [{ step, name }];
  });
  return { inputs, steps, outputs };
}

function fileAction(action: LlbFileAction): FileAction {
  switch (action.type) {
    case 'copy': {
      const { copy } = action;
      return {
        type: 'copy',
        source: copy.src,
        destination: copy.dest,
        owner: owner(copy.owner),
        mode: copy.mode === KEEP || copy.modeStr !== '' ? undefined : copy.mode,
        modeExpression: copy.modeStr === '' ? undefined : copy.modeStr,
        followSymlink: copy.followSymlink,
        directoryContents: copy.dirCopyContents,
        unpackArchive: copy.attemptUnpackDockerCompatibility,
        createDestinationPath: copy.createDestPath,
        allowWildcard: copy.allowWildcard,
        allowEmptyWildcard: copy.allowEmptyWildcard,
        includePatterns: copy.includePatterns,
        excludePatterns: copy.excludePatterns,
        timestamp: timestamp(copy.timestamp),
        replaceExisting: copy.alwaysReplaceExistingDestPaths,
        requiredPaths: copy.requiredPaths,
      };
    }
    case 'mkfile': {
      const { path, mode, data, owner: who, timestamp: at } = action.mkfile;
      return { type: 'make-file', path, mode, data, owner: owner(who), timestamp: timestamp(at) };
    }
    case 'mkdir': {
      const { path, mode, makeParents, owner: who, timestamp: at } = action.mkdir;
      return { type: 'make-directory', path, mode, makeParents, owner: owner(who), timestamp: timestamp(at) };
    }
    case 'symlink': {
      const { oldpath, newpath, owner: who, timestamp: at } = action.symlink;
      return {
        type: 'make-symlink',
        target: oldpath,
        path: newpath,
        owner: owner(who),
        timestamp: timestamp(at),
      };
    }
    case 'rm':
      return { type: 'remove', ...action.rm };
  }
}

function owner(chown: ChownOpt | undefined): Owner | undefined {
  return chown && { user: ownerName(chown.user), group: ownerName(chown.group) };
}

function ownerName(user: UserOpt | undefined): OwnerName | undefined {
  return (
    user && (user.type === 'byID' ? { id: user.byID } : { name: user.byName.name, input: user.byName.input })
  );
}

function timestamp(nanoseconds: bigint): bigint | undefined {
  return nanoseconds === BigInt(KEEP) ? undefined : nanoseconds;
}
