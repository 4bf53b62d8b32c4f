// SPDX-License-Identifier: MIT
import type { StepReason } from '@img-build/interfaces';
import { describeOrigin, git, image, local, marshal, type State, sha256Digest } from '@img-build/llb';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { build, createExplanation, type ExplanationOptions } from '../../src/index.ts';
import { createTestBuilder, PLATFORM } from '../support/builder.ts';
import { copyStep } from '../support/copy-step.ts';
import { createMemoryStepStore, type MemoryStepStore } from './memory-step-store.ts';

/** A Dockerfile in three steps, as the frontend would have it. */
interface Recipe {
  readonly base?: string;
  readonly args?: Readonly<Record<string, string>>;
  readonly command?: string;
  readonly extra?: string;
  readonly ignoreCache?: boolean;
}

let builder: ReturnType<typeof createTestBuilder>;
let steps: MemoryStepStore;

beforeEach(async () => {
  builder = createTestBuilder();
  steps = createMemoryStepStore();
  for (const name of ['docker.io/library/base:1@sha256:aaaa', 'docker.io/library/base:1@sha256:bbbb'])
    await builder.addImage(name, [{ from: name }]);
  builder.folders.set('context', { 'src/a.js': 'a', 'src/b.js': 'b' });
});

function stateOf({ base = 'aaaa', args = {}, command = 'y', extra, ignoreCache }: Recipe): State {
  const reference = `docker.io/library/base:1@sha256:${base}`;
  const from = image(reference, {
    name: `[1/3] FROM ${reference}`,
    description: describeOrigin({ instruction: 'FROM base:1', args: {}, env: {} }),
  });
  const described = (place: string, instruction: string) => ({
    name: `[${place}/3] ${instruction}`,
    description: describeOrigin({ instruction, args, env: {} }),
    ignoreCache,
  });
  let state = from.file([copyStep(local('context'), '/src', '/')], described('2', 'COPY src /'));
  if (extra !== undefined) state = runIn(state, extra, args, described('3', `RUN ${extra}`));
  return runIn(state, command, args, described(extra === undefined ? '3' : '4', `RUN ${command}`));
}

function runIn(
  state: State,
  command: string,
  args: Readonly<Record<string, string>>,
  options: object,
): State {
  const env = Object.entries(args).map(([name, value]) => `${name}=${value}`);
  return state.run({ ...options, args: ['write', command, 'text'], env }).root;
}

/** What was said while the steps of a recipe were built, by the number of the step. */
async function explain(
  recipe: Recipe = {},
  options: Partial<ExplanationOptions> = {},
): Promise<Readonly<Record<string, readonly StepReason[]>>> {
  return await explainState(stateOf(recipe), options);
}

async function explainState(
  state: State,
  options: Partial<ExplanationOptions> = {},
): Promise<Readonly<Record<string, readonly StepReason[]>>> {
  const definition = marshal(state, { platform: PLATFORM });
  const explanation = createExplanation({
    steps,
    project: 'project',
    dockerfile: 'text',
    noCacheFlag: '--no-cache',
    importedCaches: [],
    onExplained: () => {},
    list: async ({ path }) =>
      Object.entries(builder.folders.get(path) ?? {}).map(([name, text]) => ({
        path: name,
        digest: sha256Digest(text),
      })),
    knows: () => false,
    onFailure: (error) => {
      throw error;
    },
    ...options,
  });
  const config = { ...PLATFORM, rootfs: { type: 'layers' as const, diff_ids: [] } };
  await build(
    builder.ports,
    { targets: [{ platform: PLATFORM, definition, config }], exporters: [], names: [] },
    { report: () => {}, explanation },
  );
  const executed = explanation.explained.filter(({ outcome }) => outcome === 'executed');
  return Object.fromEntries(executed.map(({ name, reasons }) => [name[1] ?? '', reasons]));
}

const follows = (number: number, rest: string): StepReason => ({
  kind: 'follows',
  steps: [{ vertex: expect.stringMatching(/^sha256:/) as never, name: `[${number}/3] ${rest}` }],
});

function forgetResults(...numbers: readonly string[]): void {
  for (const { key, description } of steps.all) {
    const { name } = JSON.parse(description) as { readonly name: string };
    if (!numbers.includes(name[1] ?? '')) continue;
    for (const { id } of builder.cacheKeys.results(key)) builder.cacheKeys.releaseResult(id);
  }
}

test('the first build is one, and the second has nothing to say', async () => {
  const first: StepReason[] = [{ kind: 'first-build' }];
  expect(await explain()).toEqual({ 1: first, 2: first, 3: first });
  expect(await explain()).toEqual({});
  expect(steps.all).toHaveLength(3);
});

describe('after a build', () => {
  beforeEach(async () => void (await explain({ args: { VERSION: '1' } })));

  test('a changed file is named, and the rest follows', async () => {
    builder.folders.set('context', { 'src/a.js': 'A', 'src/b.js': 'b' });
    expect(await explain({ args: { VERSION: '1' } })).toEqual({
      2: [
        {
          kind: 'files-changed',
          from: '',
          files: { changed: ['src/a.js'], added: [], removed: [], total: 1 },
        },
      ],
      3: [follows(2, 'COPY src /')],
    });
  });

  test('a changed argument is named', async () => {
    expect(await explain({ args: { VERSION: '2' } })).toEqual({
      3: [{ kind: 'variable-changed', variable: 'ARG', name: 'VERSION', before: '1', after: '2' }],
    });
  });

  test('a moved base image is named once, and the rest follows', async () => {
    expect(await explain({ base: 'bbbb', args: { VERSION: '1' } })).toEqual({
      1: [{ kind: 'base-image-moved', image: 'base:1', before: 'sha256:aaaa', after: 'sha256:bbbb' }],
      2: [follows(1, 'FROM docker.io/library/base:1@sha256:bbbb')],
      3: [follows(2, 'COPY src /')],
    });
  });

  test('of several earlier states the nearest one counts', async () => {
    builder.folders.set('context', { 'src/a.js': 'A', 'src/b.js': 'b' });
    await explain({ args: { VERSION: '2' } });
    builder.folders.set('context', { 'src/a.js': 'a', 'src/b.js': 'b' });
    expect(await explain({ args: { VERSION: '3' } })).toEqual({
      3: [{ kind: 'variable-changed', variable: 'ARG', name: 'VERSION', before: '1', after: '3' }],
    });
  });

  test('an argument that an earlier step has named is not named again', async () => {
    await explain({ args: { VERSION: '1' }, extra: 'x' });
    const both = await explain({ args: { VERSION: '2' }, extra: 'x' });
    expect(both[3]).toEqual([
      { kind: 'variable-changed', variable: 'ARG', name: 'VERSION', before: '1', after: '2' },
    ]);
    expect(both[4]).toEqual([follows(3, 'RUN x')]);
  });

  test('another command at the same place is a change', async () => {
    expect(await explain({ args: { VERSION: '1' }, command: 'z' })).toEqual({
      3: [
        {
          kind: 'setting-changed',
          setting: 'command',
          before: '["write","y","text"]',
          after: '["write","z","text"]',
        },
      ],
    });
  });

  test('a further instruction is new', async () => {
    const inserted = await explain({ args: { VERSION: '1' }, extra: 'between', command: 'y' });
    expect(inserted).toEqual({ 3: [{ kind: 'instruction-added' }], 4: [follows(3, 'RUN between')] });
  });

  test('an instruction that is gone is named by the one after it', async () => {
    await explain({ args: { VERSION: '1' }, extra: 'x', command: 'end' });
    expect(await explain({ args: { VERSION: '1' }, command: 'end' })).toEqual({
      3: [{ kind: 'parent-changed', before: '[3/3] RUN x', after: '[2/3] COPY src /' }],
    });
  });

  test('a lost and a pruned result differ in who took it', async () => {
    forgetResults('3');
    expect(await explain({ args: { VERSION: '1' } })).toEqual({ 3: [{ kind: 'result-lost' }] });
    forgetResults('3');
    steps.prune(7);
    expect(await explain({ args: { VERSION: '1' } })).toEqual({ 3: [{ kind: 'record-pruned', at: 7 }] });
  });

  test('a step that ignores the cache says so', async () => {
    const ignored: StepReason[] = [{ kind: 'cache-ignored', flag: '--no-cache' }];
    expect(await explain({ args: { VERSION: '1' }, ignoreCache: true })).toEqual({ 2: ignored, 3: ignored });
  });
});

test('steps that were found in the cache before anything was known of them are compared with, too', async () => {
  await explain({ args: { VERSION: '1' } });
  steps = createMemoryStepStore();
  expect(await explain({ args: { VERSION: '1' } })).toEqual({});
  builder.folders.set('context', { 'src/a.js': 'a', 'src/b.js': 'b', 'src/new.js': 'c' });
  expect((await explain({ args: { VERSION: '1' } }))[2]).toEqual([
    {
      kind: 'files-changed',
      from: '',
      files: { changed: [], added: ['src/new.js'], removed: [], total: 1 },
    },
  ]);
  expect(await explain({ base: 'bbbb', args: { VERSION: '1' } })).toMatchObject({
    1: [{ kind: 'base-image-moved' }],
  });
});

test('what imported caches do not have is said to be missing there', async () => {
  const missing: StepReason[] = [{ kind: 'not-imported', caches: ['registry/cache'] }];
  expect(await explain({}, { importedCaches: ['registry/cache'] })).toEqual({
    1: [{ kind: 'first-build' }],
    2: missing,
    3: [follows(2, 'COPY src /')],
  });
});

test('a repository that files are copied from is named', async () => {
  const withGit = (ref: string): State =>
    stateOf({}).file([copyStep(git('https://example.com/r.git', { ref }), '/', '/r')], {
      name: '[4/4] ADD https://example.com/r.git /r',
      description: describeOrigin({ instruction: 'ADD https://example.com/r.git /r', args: {}, env: {} }),
    });
  builder.folders.set('example.com/r.git#one', { f: '1' });
  builder.folders.set('example.com/r.git#two', { f: '2' });
  await explainState(withGit('one'));
  expect(await explainState(withGit('two'))).toEqual({
    4: [{ kind: 'source-changed', source: 'example.com/r.git#two' }],
  });
});

test('an image that is resolved again and has not changed is no miss', async () => {
  await explain();
  forgetResults('1', '3');
  expect(await explain()).toEqual({ 3: [{ kind: 'result-lost' }] });
});

test('a step that should be cached is not executed', async () => {
  const failure = explain({}, { expectCached: ({ name }) => name.startsWith('[3') });
  await expect(failure).rejects.toMatchObject({ cause: { code: 'BUILD_NOT_CACHED' } });
  expect(builder.worker.execs).toEqual([]);
  await explain();
  await explain({}, { expectCached: () => true });
});

test('an explanation that fails does not fail the build', async () => {
  const failures: unknown[] = [];
  const broken = {
    ...steps,
    candidates: () => {
      throw new Error('no steps');
    },
  };
  const reasons = await explain({}, { steps: broken, onFailure: (error) => failures.push(error) });
  expect(reasons).toEqual({ 1: [], 2: [], 3: [] });
  expect(failures.length).toBeGreaterThan(0);
});
