// SPDX-License-Identifier: MIT
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Running } from '../support/run.ts';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { identities, registry, busybox } = testRun();

/** What `img explain --format json` is documented to give. */
interface Report {
  readonly reference: string;
  readonly status: string;
  readonly steps: readonly {
    readonly number: number;
    readonly name: string;
    readonly outcome: string;
    readonly reasons: readonly { readonly kind: string; readonly text: string }[];
  }[];
}

describe.each(identities)('explanations as $kind', (identity) => {
  let work: Workspace;

  beforeAll(() => {
    work = openWorkspace(identity);
  });

  afterAll(() => work.remove());

  /** The reasons by instruction: the name of a step without its place and the digest of its base. */
  async function explain(...args: readonly string[]): Promise<Readonly<Record<string, string>>> {
    const { stdout } = await work.ok(['explain', '--format', 'json', ...args]);
    const { steps } = JSON.parse(stdout) as Report;
    return Object.fromEntries(
      steps.map(({ name, outcome, reasons }) => [
        name.replace(/^\[[^\]]*\] /, '').replace(/@sha256:.*/, ''),
        outcome === 'executed' ? reasons.map(({ text }) => text).join('; ') : outcome,
      ]),
    );
  }

  async function build(
    context: string,
    ...args: readonly string[]
  ): Promise<Readonly<Record<string, string>>> {
    await work.ok(['build', '-t', 'explained', ...args, context]);
    return await explain();
  }

  /** Gives the base image of a test a new content. */
  async function pushBase(name: string, text: string): Promise<void> {
    await work.ok([
      'build',
      '-t',
      name,
      work.context({ Dockerfile: `FROM ${busybox}\nRUN echo ${text} >/base\n` }),
    ]);
    await work.ok(['push', name]);
  }

  test('a changed file, argument and base image are named one at a time, and the rest follows', async () => {
    const base = `${registry}/explain/${identity.kind}:1`;
    await pushBase(base, 'one');
    const context = work.context({
      Dockerfile: `FROM ${base}\nCOPY src /src\nRUN cat /src/* >/all\nARG VERSION=1.2\nRUN echo $VERSION >/version\nRUN date >/end\n`,
      'src/a.js': 'a',
      'src/b.js': 'b',
    });
    const from = `FROM ${base}`;
    const all = ['COPY src /src', 'RUN cat /src/* >/all', 'RUN echo 1.2 >/version', 'RUN date >/end'];
    const [copy = '', cat = '', echo = '', date = ''] = all;
    const first = await build(context);
    expect(first).toEqual({
      [from]: expect.any(String),
      ...Object.fromEntries(all.map((name) => [name, 'first build'])),
    });
    expect(await build(context)).toEqual(Object.fromEntries([from, ...all].map((name) => [name, 'cached'])));

    writeFileSync(join(context, 'src/a.js'), 'A');
    expect(await build(context)).toEqual({
      [from]: 'cached',
      [copy]: 'src/a.js changed',
      [cat]: 'follows from step 2',
      [echo]: 'follows from step 3',
      [date]: 'follows from step 4',
    });

    expect(await build(context, '--build-arg', 'VERSION=1.3')).toEqual({
      [from]: 'cached',
      [copy]: 'cached',
      [cat]: 'cached',
      'RUN echo 1.3 >/version': 'ARG VERSION: 1.2 → 1.3',
      [date]: 'follows from step 4',
    });

    await pushBase(base, 'two');
    const moved = await build(context, '--pull');
    expect(moved).toEqual({
      [from]: expect.stringMatching(
        new RegExp(`^base image ${base} moved from sha256:[0-9a-f]{12} to sha256:[0-9a-f]{12}$`),
      ),
      [copy]: 'follows from step 1',
      [cat]: 'follows from step 2',
      [echo]: 'follows from step 3',
      [date]: 'follows from step 4',
    });
  });

  test('--explain, --no-cache and stages whose cache is ignored', async () => {
    const context = work.context({
      Dockerfile: `FROM ${busybox} AS deps\nRUN echo deps >/deps\nFROM ${busybox}\nCOPY --from=deps /deps /\nRUN echo own >/own\n`,
    });
    await build(context);
    const plain = await work.ok(['build', '--explain', '--no-cache', context]);
    expect(plain.stderr).toContain('] RUN echo deps >/deps\n  not cached: cache ignored (--no-cache)\n');
    // What everybody knows is not said while it builds.
    expect(plain.stderr).not.toMatch(/^#\d+ not cached/m);

    expect(await build(context, '--no-cache-filter', 'deps')).toMatchObject({
      'RUN echo deps >/deps': 'cache ignored (--no-cache-filter)',
      'COPY --from=deps /deps /': 'cached',
      'RUN echo own >/own': 'cached',
    });
    const raw = await work.ok(['build', '--explain', '--progress', 'rawjson', '--no-cache', context]);
    const lines = raw.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.flatMap(({ explanations }) => explanations ?? [])).toContainEqual({
      vertex: expect.stringMatching(/^sha256:/),
      reasons: [{ kind: 'cache-ignored', flag: '--no-cache', text: 'cache ignored (--no-cache)' }],
    });
    expect(lines.at(-1)).toMatchObject({ explanation: { status: 'succeeded' } });
  });

  test('what was pruned, and files that are added and removed', async () => {
    const context = work.context({
      Dockerfile: `FROM ${busybox}\nCOPY files /context/\nRUN wc -l /context/* >/lines\n`,
      'files/one': '1',
      'files/two': '2',
    });
    await build(context);
    await work.ok(['rm', 'explained']);
    await work.ok(['prune', '--all', '--force']);
    const pruned = expect.stringMatching(/^record pruned on \d{4}-\d\d-\d\d \d\d:\d\d$/);
    expect(await build(context)).toMatchObject({
      'COPY files /context/': pruned,
      'RUN wc -l /context/* >/lines': pruned,
    });

    rmSync(join(context, 'files/one'));
    writeFileSync(join(context, 'files/three'), '3');
    expect(await build(context)).toMatchObject({
      'COPY files /context/': 'files/three added, files/one removed',
      'RUN wc -l /context/* >/lines': 'follows from step 2',
    });
    // An earlier state that is nearer is what counts.
    writeFileSync(
      join(context, 'Dockerfile'),
      readFileSync(join(context, 'Dockerfile'), 'utf8').replace('-l', '-c'),
    );
    expect(await build(context)).toMatchObject({ 'RUN wc -c /context/* >/lines': 'command changed' });
  });

  test('--expect-cached fails with 8 when a step would be executed, and does not execute it', async () => {
    const context = work.context({
      Dockerfile: `FROM ${busybox} AS deps\nCOPY lock /\nRUN cp /lock /deps\nFROM ${busybox}\nCOPY --from=deps /deps /\nCOPY app /\n`,
      lock: '1',
      app: '1',
    });
    const first = await work.img(['build', '--expect-cached', context]);
    expect(first.code).toBe(8);
    expect(first.stderr).toContain('not cached: first build');
    await build(context);
    expect((await work.img(['build', '--expect-cached', '-t', 'kept', context])).code).toBe(0);

    writeFileSync(join(context, 'app'), '2');
    const refused = await work.img(['build', '--expect-cached', '-t', 'refused', context]);
    expect(refused.code).toBe(8);
    expect(refused.stderr).toContain('COPY app /\n  failed; not cached: app changed\n');
    expect(refused.stderr).toMatch(/\nError: .*COPY app \/ is not cached, as --expect-cached demands\n/);
    expect((await work.ok(['ls'])).stdout).not.toContain('refused');
    expect((await work.img(['build', '--expect-cached=deps', context])).code).toBe(0);

    writeFileSync(join(context, 'lock'), '2');
    const deps = await work.img(['build', '--expect-cached=deps', context]);
    expect(deps.code).toBe(8);
    expect(deps.stderr).toContain('lock changed');
    const unknown = await work.img(['build', '--expect-cached=nothing', context]);
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain('there is no stage "nothing"');
  });

  test('a build that fails and one that is killed explain what they executed', async () => {
    const context = work.context({
      Dockerfile: `FROM ${busybox}\nCOPY src /src\nRUN grep -q good /src/test\nRUN echo end >/end\n`,
      'src/test': 'good',
    });
    await build(context);
    writeFileSync(join(context, 'src/test'), 'bad');
    const failed = await work.img(['build', '--explain', context]);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('COPY src /src\n  not cached: src/test changed\n');
    expect(failed.stderr).toContain('grep -q good /src/test\n  failed; not cached: follows from step 2\n');
    expect(failed.stderr).toContain('RUN echo end >/end\n  not reached\n');
    const again = await work.img(['build', '--explain', context]);
    expect(again.stderr).toContain('failed; not cached: has not succeeded before\n');

    writeFileSync(join(context, 'src/test'), 'good but slow');
    const dockerfile = readFileSync(join(context, 'Dockerfile'), 'utf8');
    writeFileSync(
      join(context, 'Dockerfile'),
      dockerfile.replace('RUN grep', 'RUN echo started; sleep 100; grep'),
    );
    const slow = work.start(['build', context]);
    await printed(slow, /started$/m);
    slow.child.kill('SIGKILL');
    await slow.result;
    writeFileSync(join(context, 'Dockerfile'), dockerfile);
    expect(await build(context)).toMatchObject({
      'COPY src /src': 'cached',
      'RUN grep -q good /src/test': 'src/test changed (step 2)',
      'RUN echo end >/end': 'follows from step 3',
    });
  });

  test('two builds at once, and the history of both', async () => {
    const files = (name: string): Record<string, string> => ({
      Dockerfile: `FROM ${busybox}\nCOPY file /file\nRUN echo ${name} >/name\n`,
      file: name,
    });
    const contexts = [work.context(files('left')), work.context(files('right'))];
    await Promise.all(contexts.map((context, at) => work.ok(['build', '-t', `both-${at}`, context])));
    for (const [at, context] of contexts.entries()) writeFileSync(join(context, 'file'), `changed ${at}`);
    await Promise.all(
      contexts.map((context, at) =>
        work.ok(['build', '-t', `both-${at}`, '--metadata-file', join(work.folder, `${at}.json`), context]),
      ),
    );
    for (const at of [0, 1]) {
      const metadata = JSON.parse(readFileSync(join(work.folder, `${at}.json`), 'utf8')) as Record<
        string,
        string
      >;
      const reference = metadata['buildx.build.ref'] ?? '';
      expect(await explain(reference)).toMatchObject({ 'COPY file /file': 'file changed' });
      const { stdout } = await work.ok(['explain', reference, 'copy']);
      expect(stdout).toBe('[2/3] COPY file /file\n  not cached: file changed\n');
      expect((await work.ok(['explain', '--list'])).stdout).toContain(reference);
    }
    expect((await work.img(['explain', 'no-such-build'])).code).toBe(1);
  });
});

/** Waits for a running program to print something. */
async function printed({ child, result }: Running, pattern: RegExp): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
    if (pattern.test(text)) resolve();
  });
  result.then(() => reject(new Error(`ended without ${String(pattern)}: ${text}`)), reject);
  await promise;
}
