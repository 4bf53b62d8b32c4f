// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { testRun } from './test-run.ts';
import type { Workspace } from './workspace.ts';

const { busybox } = testRun();

/** As a package manager does it: what is in the cache is not fetched. */
export const INSTALL = `RUN --mount=type=cache,target=/root/.npm,sharing=locked \\
  if [ -e /root/.npm/_cacache/left-pad ]; then echo from cache >/out; \\
  else mkdir /root/.npm/_cacache && echo 1.3.0 >/root/.npm/_cacache/left-pad && echo fetched >/out; fi
`;

/** What a build did. */
export interface Built {
  /** What it wrote to /out. */
  readonly out: string;
  readonly stderr: string;
}

/** Machines of one user; each has a state directory of its own. */
export interface Machines {
  /** A state directory nobody used. */
  fresh(): string;
  /** Builds these instructions on a machine. */
  build(state: string, lines: string, args?: readonly string[]): Promise<Built>;
}

/** Creates machines in a workspace. */
export function createMachines(work: () => Workspace): Machines {
  let count = 0;
  return {
    fresh: () => join(work().folder, `machine-${++count}`),
    async build(state, lines, args = []) {
      const context = work().context({
        Dockerfile: `FROM ${busybox}\n${lines}FROM scratch\nCOPY --from=0 /out /\n`,
      });
      const output = join(work().folder, `out-${++count}`);
      const { stderr } = await work().ok(
        ['build', '--no-console', '-o', `type=local,dest=${output}`, ...args, context],
        { state },
      );
      return { out: readFileSync(join(output, 'out'), 'utf8'), stderr };
    },
  };
}
