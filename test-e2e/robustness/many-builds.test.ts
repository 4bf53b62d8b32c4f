// SPDX-License-Identifier: MIT
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Running } from '../support/run.ts';
import { testRun } from '../support/test-run.ts';
import { goneProcesses, NO_TRACES, tracesOf } from '../support/traces.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { busybox, identities } = testRun();

/** Each RUN says that it runs: what is found in the cache, or made by another build, says nothing. */
const DOCKERFILES: readonly string[] = [
  `FROM ${busybox}
RUN echo ran-shared; sleep 0.2; echo shared >/shared
RUN echo ran-one; cat /shared >/one
COPY f /f`,
  `FROM ${busybox}
RUN echo ran-shared; sleep 0.2; echo shared >/shared
COPY f /f
RUN echo ran-two; cat /f /shared >/two`,
  `FROM ${busybox} AS left
RUN echo ran-left; seq 1 1000 >/left
FROM ${busybox} AS right
RUN echo ran-right; seq 1 1000 >/right
FROM ${busybox}
COPY --from=left /left /a
COPY --from=right /right /b
RUN echo ran-joined; cmp /a /b`,
  `FROM ${busybox}
WORKDIR /work
COPY . .
RUN echo ran-work; sha256sum f >sums`,
  `FROM ${busybox}
RUN echo ran-shared; sleep 0.2; echo shared >/shared
RUN --mount=type=cache,target=/cache echo ran-cache; echo more >>/cache/log; wc -l </cache/log >/lines`,
];
const STEPS = ['shared', 'one', 'two', 'left', 'right', 'joined', 'work', 'cache'];
const BUILDS = 20;

interface RawStatus {
  readonly vertexes?: readonly {
    readonly name: string;
    readonly digest: string;
    readonly completed?: string;
    readonly cached?: boolean;
    readonly error?: string;
  }[];
  readonly statuses?: readonly { readonly id: string }[];
  readonly logs?: readonly { readonly data: string }[];
}

function statusesOf(stderr: string): readonly RawStatus[] {
  return stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as RawStatus);
}

describe.each(identities)('twenty builds at once on one state, as $kind', (identity) => {
  let work: Workspace;

  beforeAll(() => {
    work = openWorkspace(identity);
  });

  afterAll(() => {
    work.remove();
  });

  test('execute each step once together, tell that they wait, and leave a sound store', async () => {
    const contexts = DOCKERFILES.map((Dockerfile) =>
      work.context({ Dockerfile, f: 'f', '.dockerignore': 'Dockerfile' }),
    );

    const results = await Promise.all(
      Array.from({ length: BUILDS }, (_, at) =>
        work.img([
          'build',
          '--progress',
          'rawjson',
          '-t',
          `many:${at}`,
          contexts[at % contexts.length] ?? '',
        ]),
      ),
    );

    expect(results.map(({ code, stderr }) => (code === 0 ? 'built' : stderr.slice(-2000)))).toEqual(
      Array.from({ length: BUILDS }, () => 'built'),
    );
    const statuses = results.flatMap(({ stderr }) => statusesOf(stderr));
    const output = statuses
      .flatMap(({ logs = [] }) => logs)
      .map(({ data }) => Buffer.from(data, 'base64').toString())
      .join('');
    expect([...output.matchAll(/^ran-(\w+)$/gm)].map(([, step = '']) => step).sort()).toEqual(
      [...STEPS].sort(),
    );
    const executed = statuses
      .flatMap(({ vertexes = [] }) => vertexes)
      .filter(
        ({ name, completed, cached }) =>
          completed !== undefined && cached !== true && /\] (RUN|COPY|WORKDIR)/.test(name),
      );
    expect(executed.map(({ name }) => name).sort()).toEqual(
      [...new Set(executed.map(({ name }) => name))].sort(),
    );
    const waits = statuses.flatMap(({ statuses: some = [] }) => some).map(({ id }) => id);
    expect(waits.join('\n')).toMatch(/^waiting for another build \(pid \d+\) that executes this step$/m);
    expect((await work.ok(['doctor', '--store'])).stdout).toMatch(/ no problem found\n$/);
    expect(tracesOf(work)).toEqual(NO_TRACES);
    for (const at of contexts.keys()) {
      const [first, other] = [
        await work.image(`many:${at}`),
        await work.image(`many:${at + contexts.length}`),
      ];
      expect(first.config.rootfs).toEqual(other.config.rootfs);
    }
  });

  test('say at once whom they wait for, and take over when that one is killed', async () => {
    const context = work.context({
      Dockerfile: `FROM ${busybox}
RUN --mount=type=cache,target=/c test -e /c/again || { touch /c/again; echo now-waiting; sleep 61; }
`,
    });
    const build = (name: string): Running => work.start(['build', '--no-console', '-t', name, context]);
    const first = build('first:1');
    await prints(first, /^#\d+ [\d.]+ now-waiting$/m);
    const second = build('second:1');

    await prints(
      second,
      new RegExp(
        `^#\\d+ waiting for another build \\(pid ${first.child.pid}\\) that executes this step$`,
        'm',
      ),
    );
    first.child.kill('SIGKILL');

    expect((await first.result).signal).toBe('SIGKILL');
    const { code, stderr } = await second.result;
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(
        /^#\d+ waiting for another build \(pid \d+\) that executes this step [\d.]+s done$/m,
      ),
    });
    await goneProcesses(work.state);
    // What the killed one left goes with the start of the next worker.
    await work.ok([
      'build',
      '-t',
      'third:1',
      work.context({ Dockerfile: `FROM ${busybox}\nRUN echo third\n` }),
    ]);
    expect((await work.ok(['doctor', '--store'])).stdout).toMatch(/ no problem found\n$/);
  });
});

/** Resolves when the command has printed what matches. */
function prints({ child, result }: Running, wanted: RegExp): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    if (wanted.test(text)) resolve();
  });
  void result.then(({ stderr }) => reject(new Error(`ended without printing ${wanted}: ${stderr}`)), reject);
  return promise;
}
