// SPDX-License-Identifier: MIT
import { type CopyStep, git } from '@img-build/llb';
import { parseGitReference } from './git-reference.ts';
import { invalid } from './instruction-context.ts';
import type { Transfer } from './transfer.ts';

/** Tells whether a source is a repository. */
export function isGitSource(path: string): boolean {
  return parseGitReference(path) !== undefined;
}

/** Copies a checkout. */
export function addGitStep(path: string, { instruction, common, checksum, name }: Transfer): CopyStep {
  const reference = parseGitReference(path) ?? fail(path);
  const flag = instruction.kind === 'add' ? instruction.keepGitDir : null;
  if (flag !== null && reference.keepGitDirectory !== undefined && flag !== reference.keepGitDirectory) {
    throw invalid('inconsistent keep-git-dir configuration');
  }
  if (checksum !== '' && reference.checksum !== undefined && checksum !== reference.checksum) {
    throw invalid(`checksum mismatch ${JSON.stringify(checksum)} != ${JSON.stringify(reference.checksum)}`);
  }
  const from = git(reference.remote, {
    ref: reference.ref,
    subdirectory: reference.subdirectory,
    keepGitDirectory: reference.keepGitDirectory ?? flag ?? undefined,
    skipSubmodules: reference.submodules === false,
    checksum: reference.checksum ?? (checksum === '' ? undefined : checksum),
    name,
  });
  return { ...common, type: 'copy', from, source: '/' };
}

function fail(path: string): never {
  throw invalid(`${path} is not a git address`);
}
