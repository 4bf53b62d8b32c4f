// SPDX-License-Identifier: MIT

import type { Command, CommandContext } from '../command.ts';
import { nearest } from '../nearest.ts';
import { UsageError } from '../usage-error.ts';

type Verb = (context: CommandContext, names: readonly string[]) => Promise<void>;

const VERBS: Readonly<Record<string, () => Promise<Verb>>> = {
  ls: async () => (await import('../mounts/list-mounts.ts')).listMounts,
  export: async () => (await import('../mounts/export-mounts.ts')).exportMounts,
  import: async () => (await import('../mounts/import-mounts.ts')).importMounts,
  rm: async () => (await import('../mounts/remove-mounts.ts')).removeMounts,
};

/** `img cache mount ls|export|import|rm`: what `RUN --mount=type=cache` keeps. */
export const cacheCommand: Command = {
  name: 'cache',
  summary: 'List, save, restore and remove cache mounts.',
  usage: `mount ls [OPTIONS]
       img cache mount export [OPTIONS] ID...
       img cache mount import [OPTIONS] FILE|FOLDER|-|type=TYPE,...
       img cache mount rm [OPTIONS] ID...`,
  flags: [
    { name: 'all', short: 'a', type: 'boolean', description: 'Export, or remove, all cache mounts' },
    {
      name: 'compression',
      type: 'string',
      description: 'How to pack layers on export (zstd, gzip, uncompressed)',
      default: '"zstd"',
    },
    { name: 'format', type: 'string', description: 'List as "table" or as "json"', default: '"table"' },
    {
      name: 'output',
      short: 'o',
      type: 'string',
      description:
        'Where to export to: a file, a folder, "-" for STDOUT, or type=registry,ref=REF or type=local,dest=FOLDER',
    },
  ],
  positionals: { min: 2, max: Number.POSITIVE_INFINITY },
  async run(context) {
    const [kind = '', verb = '', ...names] = context.args.positionals;
    if (kind !== 'mount')
      throw new UsageError(`"img cache" does not know ${JSON.stringify(kind)}`, 'try: img cache mount ls');
    const load = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
    if (load === undefined) {
      const near = nearest(verb, Object.keys(VERBS));
      throw new UsageError(
        `"img cache mount" does not know ${JSON.stringify(verb)}${near === undefined ? '' : ` (did you mean ${near}?)`}`,
        `it knows ${Object.keys(VERBS).join(', ')}`,
      );
    }
    await (await load())(context, names);
  },
};
