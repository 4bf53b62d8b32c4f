// SPDX-License-Identifier: MIT

import { readFlags } from '../flag-reader.ts';
import type { AddInstruction } from '../instruction.ts';
import type { InstructionSource } from '../instruction-source.ts';
import { readTransferArguments } from '../transfer-arguments.ts';

/** `ADD [flags] SOURCE… DESTINATION`. */
export function parseAdd(source: InstructionSource): AddInstruction | null {
  const transfer = readTransferArguments(source);
  if (transfer === null) return null;
  const flags = readFlags(source, {
    chown: 'string',
    chmod: 'string',
    link: 'boolean',
    'keep-git-dir': 'boolean',
    checksum: 'string',
    unpack: 'boolean',
    exclude: 'list',
  });
  if (flags === null) return null;
  return {
    ...source.base,
    kind: 'add',
    ...transfer,
    chown: flags.string('chown'),
    chmod: flags.string('chmod'),
    link: flags.boolean('link') ?? false,
    excludes: flags.list('exclude'),
    checksum: flags.string('checksum'),
    keepGitDir: flags.boolean('keep-git-dir'),
    unpack: flags.boolean('unpack'),
  };
}
