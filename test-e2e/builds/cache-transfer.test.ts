// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CountingProxy, startCountingProxy } from '../support/counting-proxy.ts';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { identities, registry } = testRun();

const DOCKERFILE = (base: string): string => `FROM ${base} AS build
WORKDIR /src
COPY src/ .
RUN --mount=type=cache,target=/cache --mount=type=bind,source=src/b.txt,target=/b.txt \\
  cat a.txt /b.txt >/out.txt && head -c 16 /dev/urandom | od -An -tx1 >>/out.txt
FROM ${base}
COPY --from=build /out.txt /out.txt
RUN <<EOF
head -c 16 /dev/urandom | od -An -tx1 >/own.txt
EOF
ADD src/b.txt /added/
COPY --link src/a.txt /linked/a.txt
`;

describe.each(identities)('a cache that travels, as $kind', (identity) => {
  let work: Workspace;
  let proxy: CountingProxy;
  let base: string;
  let context: string;
  let first: string;
  let machines = 0;

  /** Steps by what became of them: their names without the places. */
  function steps(stderr: string): {
    readonly cached: readonly string[];
    readonly executed: readonly string[];
  } {
    const names = [...stderr.matchAll(/^#(\d+) \[(?!internal\])[^\]]*\] (.*)$/gm)];
    const byNumber = new Map(names.map(([, number, name = '']) => [number, name]));
    const ended = (how: string): string[] =>
      [...byNumber]
        .filter(([number]) => new RegExp(`^#${number} ${how}`, 'm').test(stderr))
        .map(([, name]) => name);
    return { cached: ended('CACHED$'), executed: ended('DONE').filter((name) => !name.startsWith('FROM ')) };
  }

  const newMachine = (): string => join(work.folder, `machine-${++machines}`);

  async function build(state: string, ...args: readonly string[]) {
    const file = join(work.folder, 'id');
    rmSync(file, { force: true });
    const { stderr } = await work.ok(
      ['build', '--progress', 'plain', '-t', 'travelled', '--metadata-file', file, ...args, context],
      { state },
    );
    const metadata = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, string>>;
    return { ...steps(stderr), stderr, digest: metadata['containerimage.digest'] };
  }

  const cacheReference = (name: string): string => `${proxy.host}/cache/${identity.kind}:${name}`;

  beforeAll(async () => {
    work = openWorkspace(identity);
    proxy = await startCountingProxy(registry);
    base = `${proxy.host}/base/busybox:1`;
    context = work.context({ Dockerfile: DOCKERFILE(base), 'src/a.txt': 'a', 'src/b.txt': 'b' });
    first = newMachine();
  });

  afterAll(async () => {
    await proxy.close();
    work.remove();
  });

  test('gives another machine every step, for the layers of the result alone, and the same image', async () => {
    const reference = cacheReference('max');
    const made = await build(first, '--cache-to', `type=registry,ref=${reference},mode=max`);
    expect(made.cached).toEqual([]);
    expect(made.stderr).toContain('exporting cache to registry');
    proxy.takeRequests();

    const second = newMachine();
    const taken = await build(second, '--cache-from', reference);
    const blobs = new Set(proxy.takeRequests().filter((line) => /^GET .*\/blobs\//.test(line)));
    const image = await work.image('travelled', { state: second });

    expect(taken.stderr).toContain(`importing cache manifest from ${reference}`);
    expect(taken.executed).toEqual([]);
    expect(taken.digest).toBe(made.digest);
    const layers = image.manifest.layers.map(({ digest }) => digest);
    for (const digest of layers) expect([...blobs].filter((line) => line.endsWith(digest))).toHaveLength(1);
    // Besides the layers: the configs of the base image and of the cache.
    expect(blobs.size).toBe(layers.length + 2);

    const later = await build(second);
    expect(later.executed).toEqual([]);
    expect(later.digest).toBe(made.digest);
  });

  test.each([
    ['an index', 'image-manifest=false'],
    ["docker's media types", 'oci-mediatypes=false'],
    ['an image manifest', 'image-manifest=true'],
  ])('is the same as %s', async (_, attribute) => {
    const reference = cacheReference(attribute.replace('=', '-'));
    await build(first, '--cache-to', `type=registry,ref=${reference},mode=max,${attribute}`);

    const { executed } = await build(newMachine(), '--cache-from', `type=registry,ref=${reference}`);

    expect(executed).toEqual([]);
  });

  test('goes through a folder, and on to a registry from a machine that executed nothing', async () => {
    const folder = join(work.folder, 'folder-cache');
    const made = await build(first, '--cache-to', `type=local,dest=${folder},mode=max`);
    expect(made.stderr).toContain('exporting cache to client directory');
    const reference = cacheReference('onward');

    const second = await build(
      newMachine(),
      '--cache-from',
      `type=local,src=${folder}`,
      '--cache-to',
      `type=registry,ref=${reference},mode=max`,
    );
    const third = await build(newMachine(), '--cache-from', reference);

    expect([...second.executed, ...third.executed]).toEqual([]);
    expect(third.digest).toBe(made.digest);
  });

  test('of mode min holds what makes up the image, and a changed stage is executed', async () => {
    const reference = cacheReference('min');
    await build(first, '--cache-to', `type=registry,ref=${reference}`);
    const same = await build(newMachine(), '--cache-from', reference);
    expect(same.executed).toEqual([]);

    const target = await build(newMachine(), '--cache-from', reference, '--target', 'build');
    expect(target.executed.some((name) => name.startsWith('RUN'))).toBe(true);
  });

  test('lies inside an image', async () => {
    const asked = [
      { state: newMachine(), args: ['--cache-to', 'type=inline'] },
      { state: first, args: ['--build-arg', 'BUILDKIT_INLINE_CACHE=1'] },
    ];
    for (const [index, { state, args }] of asked.entries()) {
      const image = `${proxy.host}/cache/inline-${identity.kind}:${index}`;
      await build(state, '-t', image, ...args);
      await work.ok(['push', image], { state });
      const other = newMachine();

      const taken = await build(other, '--cache-from', `type=registry,ref=${image}`);

      expect(taken.executed).toEqual([]);
      const layers = (await work.image(image, { state })).manifest.layers;
      expect((await work.image('travelled', { state: other })).manifest.layers).toEqual(layers);
    }
  });

  test('that lost a layer gives all others, and the step of that layer is executed', async () => {
    const folder = join(work.folder, 'broken-cache');
    await build(first, '--cache-to', `type=local,dest=${folder},mode=max`);
    const image = await work.image('travelled', { state: first });
    const [lost = ''] = image.manifest.layers.slice(-1).map(({ digest }) => digest);
    rmSync(join(folder, 'blobs', 'sha256', lost.slice('sha256:'.length)));

    const { executed, cached } = await build(newMachine(), '--cache-from', `type=local,src=${folder}`);

    expect(executed.every((name) => name.includes('COPY --link'))).toBe(true);
    expect(executed).not.toEqual([]);
    expect(cached.filter((name) => name.startsWith('RUN'))).toHaveLength(2);
  });

  test('may be one of several, and one that is missing or unreachable is a warning', async () => {
    const reference = cacheReference('several');
    await build(first, '--cache-to', reference);

    const { executed, stderr } = await build(
      newMachine(),
      ...['--cache-from', 'localhost:1/none'],
      ...['--cache-from', `type=local,src=${join(work.folder, 'no-such-folder')}`],
      ...['--cache-from', cacheReference('none')],
      ...['--cache-from', reference],
    );

    expect(executed).toEqual([]);
    expect(stderr.match(/the cache cannot be imported/g)?.length).toBeGreaterThanOrEqual(3);
  });

  test('that cannot be written fails the build, unless that is to be ignored', async () => {
    const to = `type=registry,ref=localhost:1/none,mode=max`;
    const failed = await work.img(['build', '--cache-to', to, context], { state: first });
    expect(failed.code).not.toBe(0);
    expect(failed.stderr).toContain('localhost:1');

    await work.ok(['build', '--cache-to', `${to},ignore-error=true`, context], { state: first });
  });

  test('is taken file by file: what changed is executed, with all after it', async () => {
    const reference = cacheReference('changed');
    await build(first, '--cache-to', `${`type=registry,ref=${reference}`},mode=max`);
    const file = join(context, 'src', 'b.txt');
    const { mode } = statSync(file);
    writeFileSync(file, 'changed', { mode });
    try {
      const { executed, cached } = await build(newMachine(), '--cache-from', reference);
      expect(executed.some((name) => name.startsWith('RUN --mount'))).toBe(true);
      expect(executed.some((name) => name.startsWith('ADD'))).toBe(true);
      expect(cached.some((name) => name.startsWith('WORKDIR'))).toBe(true);
    } finally {
      writeFileSync(file, 'b', { mode });
    }
  });

  test('is one for all platforms of a build', async () => {
    const files = work.context({
      Dockerfile: 'FROM scratch\nCOPY f /f\nARG TARGETARCH\nCOPY f /$TARGETARCH\n',
      f: 'f',
    });
    const folder = join(work.folder, 'platforms-cache');
    const args = ['build', '--progress', 'plain', '--platform', 'linux/amd64,linux/arm64'];
    const out = (name: string): string => `type=oci,dest=${join(work.folder, name)}`;
    const to = ['--cache-to', `type=local,dest=${folder},mode=max`];
    await work.ok([...args, ...to, '-o', out('one.tar'), files], { state: newMachine() });

    const from = ['--cache-from', `type=local,src=${folder}`];
    const { stderr } = await work.ok([...args, ...from, '-o', out('two.tar'), files], {
      state: newMachine(),
    });

    expect(steps(stderr).executed).toEqual([]);
    expect(steps(stderr).cached.length).toBeGreaterThan(2);
    expect(
      readFileSync(join(work.folder, 'two.tar')).equals(readFileSync(join(work.folder, 'one.tar'))),
    ).toBe(true);
    expect(readdirSync(join(folder, 'blobs', 'sha256')).length).toBeGreaterThan(3);
  });
});
