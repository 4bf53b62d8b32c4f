// SPDX-License-Identifier: MIT
import type { AddInstruction, CopyInstruction } from '@img-build/dockerfile-parser';
import type { CopyStep } from '@img-build/llb';
import { type GitAddress, gitState, parseGitAddress } from '../contexts/git-address.ts';
import { invalid } from './instruction-context.ts';
import type { Transfer } from './transfer.ts';

/** The repository a source names; `--keep-git-dir` says that an address without `.git` at the end is one. */
export function gitAddressOf(
  path: string,
  instruction: AddInstruction | CopyInstruction,
): GitAddress | undefined {
  return parseGitAddress(path, { known: instruction.kind === 'add' && instruction.keepGitDir !== null });
}

/** Copies a checkout. */
export function addGitStep(address: GitAddress, { instruction, common, checksum, name }: Transfer): CopyStep {
  const flag = instruction.kind === 'add' ? instruction.keepGitDir : null;
  if (flag !== null && address.keepGitDirectory !== undefined && flag !== address.keepGitDirectory) {
    throw invalid('inconsistent keep-git-dir configuration');
  }
  if (checksum !== '' && address.checksum !== undefined && checksum !== address.checksum) {
    throw invalid(`checksum mismatch ${JSON.stringify(checksum)} != ${JSON.stringify(address.checksum)}`);
  }
  const from = gitState(address, {
    keepGitDirectory: address.keepGitDirectory ?? flag ?? undefined,
    checksum: address.checksum ?? (checksum === '' ? undefined : checksum),
    name,
  });
  return { ...common, type: 'copy', from, source: '/' };
}
