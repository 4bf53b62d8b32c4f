// SPDX-License-Identifier: MIT

import { readFlags } from '../flag-reader.ts';
import type { CopyInstruction } from '../instruction.ts';
import type { InstructionSource } from '../instruction-source.ts';
import { readTransferArguments } from '../transfer-arguments.ts';

/** `COPY [flags] SOURCE… DESTINATION`. */
export function parseCopy(source: InstructionSource): CopyInstruction | null {
  const transfer = readTransferArguments(source);
  if (transfer === null) return null;
  const flags = readFlags(source, {
    from: 'string',
    chown: 'string',
    chmod: 'string',
    link: 'boolean',
    parents: 'boolean',
    exclude: 'list',
  });
  if (flags === null) return null;
  return {
    ...source.base,
    kind: 'copy',
    ...transfer,
    from: flags.string('from'),
    chown: flags.string('chown'),
    chmod: flags.string('chmod'),
    link: flags.boolean('link') ?? false,
    parents: flags.boolean('parents') ?? false,
    excludes: flags.list('exclude'),
  };
}
