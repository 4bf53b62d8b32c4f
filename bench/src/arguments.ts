// SPDX-License-Identifier: MIT
import { parseArgs } from 'node:util';

/** What the caller asked the benchmark to do. */
export interface BenchOptions {
  /** The `img` to measure; without it the sources are installed into the work folder first. */
  readonly img: string | undefined;
  readonly runs: number;
  /** Names of workloads; empty for all. */
  readonly only: readonly string[];
  readonly asRoot: boolean;
  readonly withBuildah: boolean;
  readonly withMemory: boolean;
  /** Build commands of further builders by name, with `{context}` and `{tag}` in them. */
  readonly templates: ReadonlyMap<string, string>;
  /** Commands that make those builders forget everything, by the same names. */
  readonly resets: ReadonlyMap<string, string>;
  readonly json: string | undefined;
  /** Folder for everything that is written; temporary when absent. */
  readonly work: string | undefined;
  /** A tar (plain or gzip) to use as the Debian root instead of making one. */
  readonly base: string | undefined;
}

export const USAGE = `usage: tools/dev node bench/run.ts [OPTIONS]

  --runs N               timed runs of every workload (default 3)
  --only NAME            only this workload; may be repeated
  --img FILE             measure this img instead of installing the sources
  --as-root              run the builders as root (default: as a temporary user when started as root)
  --no-buildah           leave buildah out
  --no-memory            leave the extra, sampled run out
  --builder NAME=CMD     a further builder, {context} and {tag} filled in; may be repeated
  --reset NAME=CMD       how that builder forgets everything it has
  --base FILE            a Debian root as tar or tar.gz (default: made by mmdebstrap)
  --work DIR             where to work (default: a new folder below the temporary one)
  --json FILE            write all figures there as well`;

/** @throws TypeError for an unknown option or a wrong value. */
export function readArguments(argv: readonly string[]): BenchOptions | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      runs: { type: 'string', default: '3' },
      only: { type: 'string', multiple: true, default: [] },
      img: { type: 'string' },
      'as-root': { type: 'boolean', default: false },
      'no-buildah': { type: 'boolean', default: false },
      'no-memory': { type: 'boolean', default: false },
      builder: { type: 'string', multiple: true, default: [] },
      reset: { type: 'string', multiple: true, default: [] },
      base: { type: 'string' },
      work: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1 || runs > 100)
    throw new TypeError(`--runs ${values.runs}: a number from 1 to 100 is needed`);
  return {
    runs,
    img: values.img,
    only: values.only,
    asRoot: values['as-root'],
    withBuildah: !values['no-buildah'],
    withMemory: !values['no-memory'],
    templates: readPairs('--builder', values.builder),
    resets: readPairs('--reset', values.reset),
    json: values.json,
    work: values.work,
    base: values.base,
  };
}

function readPairs(option: string, values: readonly string[]): Map<string, string> {
  return new Map(
    values.map((value) => {
      const [, name, command] = /^([a-z0-9][a-z0-9-]*)=(.+)$/s.exec(value) ?? [];
      if (name === undefined || command === undefined)
        throw new TypeError(`${option} ${value}: NAME=COMMAND is needed`);
      return [name, command] as const;
    }),
  );
}
