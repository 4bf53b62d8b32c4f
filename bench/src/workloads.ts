// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import type { BaseImages } from './base-images.ts';
import type { Builder } from './builder.ts';
import type { Command } from './command.ts';
import {
  changeAppContext,
  changeManyContext,
  writeAppContext,
  writeChainContext,
  writeManyContext,
  writeUnpackContext,
  writeWideContext,
} from './contexts.ts';

/** What a workload works with. */
export interface Bench {
  readonly builder: Builder;
  readonly images: BaseImages;
  /** A folder of its own that survives the rounds. */
  readonly folder: string;
  /** Counts the rounds of this workload over all builders. */
  readonly round: number;
  /** Host of a second registry, empty at the start of every round. */
  readonly emptyRegistry: string;
  /** Makes the builder forget everything. */
  fresh(): Promise<void>;
  /** Runs without being measured. */
  prepare(command: Command): Promise<void>;
  /** Runs and takes the figures for the row `row`. */
  measure(row: string, command: Command): Promise<void>;
}

/** One sequence of commands, with the rows it fills. */
export interface Workload {
  readonly name: string;
  /** Row names with what is measured, in the order of the table. */
  readonly rows: Readonly<Record<string, string>>;
  prepare?(folder: string, images: BaseImages): void;
  run(bench: Bench): Promise<void>;
}

const app: Workload = {
  name: 'app',
  rows: {
    'app-cold': 'two-stage app, 2,000 files: nothing there, base pulled and unpacked',
    'app-unchanged': 'the same again',
    'app-changed': 'after one file changed',
  },
  prepare: (folder, { debian }) => writeAppContext(folder, debian),
  async run({ builder, folder, round, fresh, measure }) {
    await fresh();
    changeAppContext(folder, 0);
    await measure('app-cold', builder.build(folder, 'bench/app:1'));
    await measure('app-unchanged', builder.build(folder, 'bench/app:1'));
    changeAppContext(folder, round + 1);
    await measure('app-changed', builder.build(folder, 'bench/app:1'));
  },
};

const base: Workload = {
  name: 'base',
  rows: { 'app-base': 'two-stage app cold, base already unpacked' },
  prepare(folder, { debian }) {
    writeAppContext(join(folder, 'app'), debian);
    writeUnpackContext(join(folder, 'unpack'), debian);
  },
  async run({ builder, folder, fresh, prepare, measure }) {
    await fresh();
    await prepare(builder.build(join(folder, 'unpack'), 'bench/unpack:1'));
    await measure('app-base', builder.build(join(folder, 'app'), 'bench/app:1'));
  },
};

const many: Workload = {
  name: 'many',
  rows: {
    'many-cold': 'COPY of 20,000 files of 2 kB on a busybox base',
    'many-unchanged': 'the same again',
    'many-changed': 'after one file changed',
  },
  prepare: (folder, { busybox }) => writeManyContext(folder, busybox),
  async run({ builder, folder, round, fresh, measure }) {
    await fresh();
    changeManyContext(folder, 0);
    await measure('many-cold', builder.build(folder, 'bench/many:1'));
    await measure('many-unchanged', builder.build(folder, 'bench/many:1'));
    changeManyContext(folder, round + 1);
    await measure('many-changed', builder.build(folder, 'bench/many:1'));
  },
};

const wide = coldAndAgain('wide', '8 parallel stages of sleep 1', writeWideContext);
const chain = coldAndAgain('chain', '20 small RUNs', writeChainContext);

function coldAndAgain(name: string, title: string, write: (folder: string, image: string) => void): Workload {
  return {
    name,
    rows: { [name]: title, [`${name}-unchanged`]: 'the same again' },
    prepare: (folder, { busybox }) => write(folder, busybox),
    async run({ builder, folder, fresh, measure }) {
      await fresh();
      await measure(name, builder.build(folder, `bench/${name}:1`));
      await measure(`${name}-unchanged`, builder.build(folder, `bench/${name}:1`));
    },
  };
}

const pull: Workload = {
  name: 'pull',
  rows: {
    'pull-unpack': 'FROM the Debian image + COPY of a byte: pull and unpack',
    unpack: 'the same, image already pulled: unpack only (tar: GNU tar -xpzf)',
  },
  prepare: (folder, { debian }) => writeUnpackContext(folder, debian),
  async run({ builder, images, folder, fresh, prepare, measure }) {
    await fresh();
    await measure('pull-unpack', builder.build(folder, 'bench/unpack:1'));
    // Others unpack while they pull, so that there is nothing to tell apart.
    const fetching = builder.name === 'img' ? builder.pull(images.debian) : undefined;
    if (fetching === undefined) return;
    await fresh();
    await prepare(fetching);
    await measure('unpack', builder.build(folder, 'bench/unpack:1'));
  },
};

const push: Workload = {
  name: 'push',
  rows: { push: 'push of the Debian image to an empty registry' },
  async run({ builder, images, emptyRegistry, fresh, prepare, measure }) {
    const name = `${emptyRegistry}/bench/pushed:1`;
    const steps = [builder.pull(images.debian), builder.tag(images.debian, name)];
    const pushing = builder.push(name);
    if (pushing === undefined) return;
    await fresh();
    for (const step of steps) if (step !== undefined) await prepare(step);
    await measure('push', pushing);
  },
};

const version: Workload = {
  name: 'version',
  rows: { version: '--version' },
  async run({ builder, measure }) {
    const command = builder.version();
    if (command !== undefined) await measure('version', command);
  },
};

/** All workloads, in the order of the table. */
export const WORKLOADS: readonly Workload[] = [app, base, many, wide, chain, pull, push, version];
