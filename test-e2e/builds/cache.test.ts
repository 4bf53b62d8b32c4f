// SPDX-License-Identifier: MIT

import { appendFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CountingProxy, startCountingProxy } from '../support/counting-proxy.ts';
import type { Image } from '../support/image.ts';
import { testRun } from '../support/test-run.ts';
import { type ImgOptions, openWorkspace, type Workspace } from '../support/workspace.ts';

const { identities, registry } = testRun();

const HELPLESS: ImgOptions = { helpless: true };
const random = (file: string): string => `RUN head -c 16 /dev/urandom | od -An -tx1 >${file}`;

function textOf(image: Image, path: string): string {
  const text = image.files.get(path)?.content.toString();
  if (text === undefined) throw new Error(`the image has no ${path}`);
  return text;
}

describe.each(identities)('the cache as $kind', (identity) => {
  let work: Workspace;
  let proxy: CountingProxy;
  let base: string;

  beforeAll(async () => {
    work = openWorkspace(identity);
    proxy = await startCountingProxy(registry);
    base = `${proxy.host}/base/busybox:1`;
  });

  afterAll(async () => {
    await proxy.close();
    work.remove();
  });

  async function build(
    context: string,
    options: ImgOptions = {},
    ...args: readonly string[]
  ): Promise<Image> {
    await work.ok(['build', '-t', 'cached', ...args, context], options);
    return await work.image('cached');
  }

  test('a second run executes nothing, starts no worker and only resolves its base', async () => {
    const context = work.context({
      Dockerfile: `FROM ${base} AS build\nWORKDIR /src\nCOPY src .\n${random('/src/built')}\nFROM ${base}\nCOPY --from=build /src/built /\n${random('/own')}\n`,
      'src/a': 'a',
      'src/b/c': 'c',
    });
    const first = await build(context);
    expect(proxy.takeRequests().filter((line) => line.includes('/blobs/'))).not.toEqual([]);
    const second = await work.ok(['build', '-t', 'cached', context], HELPLESS);
    const requests = proxy.takeRequests();

    expect(await work.image('cached')).toEqual(first);
    expect(
      requests.filter((line) => !/^(GET \/v2\/|HEAD \/v2\/base\/busybox\/manifests\/1)$/.test(line)),
    ).toEqual([]);
    expect(requests.filter((line) => line.startsWith('HEAD'))).toHaveLength(1);
    const steps = [...second.stderr.matchAll(/^#(\d+) \[\S* ?\d\/\d\] (?!FROM)/gm)].map(
      ([, number]) => number,
    );
    expect(steps).not.toEqual([]);
    for (const number of steps) expect(second.stderr).toMatch(new RegExp(`^#${number} CACHED$`, 'm'));
  });

  test('touching files re-runs nothing, and changing one byte does', async () => {
    const context = work.context({
      Dockerfile: `FROM ${base}\nCOPY . /context/\n${random('/made')}\n`,
      f: 'one',
    });
    const first = await build(context);
    for (const name of ['f', 'Dockerfile']) utimesSync(join(context, name), 1_000_000, 1_000_000);
    const touched = await build(context, HELPLESS);
    writeFileSync(join(context, 'f'), 'two');
    const failed = await work.img(['build', context], HELPLESS);
    const changed = await build(context);

    expect(touched.digest).toBe(first.digest);
    expect(failed.code).toBe(1);
    expect(textOf(changed, 'context/f')).toBe('two');
    expect(textOf(changed, 'made')).not.toBe(textOf(first, 'made'));
  });

  test('a changed file re-runs what depends on it, and nothing else', async () => {
    const context = work.context({
      Dockerfile: `FROM ${base} AS a
COPY a /a
${random('/from-a')}
FROM ${base} AS b
COPY b /b
${random('/from-b')}
FROM ${base}
${random('/before')}
COPY --from=a /from-a /
COPY --from=b /from-b /
${random('/after')}
`,
      a: '1',
      b: '1',
      unused: '1',
    });
    const first = await build(context);
    appendFileSync(join(context, 'unused'), '2');
    expect((await build(context, HELPLESS)).digest).toBe(first.digest);
    appendFileSync(join(context, 'b'), '2');
    const changed = await build(context);

    for (const same of ['from-a', 'before']) expect(textOf(changed, same)).toBe(textOf(first, same));
    for (const other of ['from-b', 'after']) expect(textOf(changed, other)).not.toBe(textOf(first, other));
  });

  test('a step that makes the same files again keeps what depends on these files', async () => {
    const context = work.context({
      Dockerfile: `FROM ${base} AS count\nCOPY text /text\nRUN wc -c </text >/count\nFROM ${base}\nCOPY --from=count /count /\n${random('/made')}\n`,
      text: 'abc',
    });
    const first = await build(context);
    writeFileSync(join(context, 'text'), 'xyz');
    const second = await build(context);

    expect(textOf(second, 'made')).toBe(textOf(first, 'made'));
  });

  test('a changed build argument re-runs from where it is used', async () => {
    const context = work.context({
      Dockerfile: `FROM ${base}\n${random('/before')}\nARG VALUE\n${random('/after')}\n`,
    });
    const first = await build(context, {}, '--build-arg', 'VALUE=1');
    const second = await build(context, {}, '--build-arg', 'VALUE=2');
    const again = await build(context, HELPLESS, '--build-arg', 'VALUE=1');

    expect(textOf(second, 'before')).toBe(textOf(first, 'before'));
    expect(textOf(second, 'after')).not.toBe(textOf(first, 'after'));
    expect(again.digest).toBe(first.digest);
  });

  test('--no-cache runs everything again', async () => {
    const context = work.context({ Dockerfile: `FROM ${base}\n${random('/made')}\n` });
    const first = await build(context);
    const second = await build(context, {}, '--no-cache');

    expect(textOf(second, 'made')).not.toBe(textOf(first, 'made'));
  });

  test('stages that nothing needs are never touched', async () => {
    proxy.takeRequests();
    const image = await work.build({
      Dockerfile: `FROM ${proxy.host}/nobody/has:this AS unneeded\nRUN false\nFROM unneeded AS neither\nCOPY missing /\nFROM ${base}\nRUN echo fine >/fine\n`,
    });

    expect(textOf(image, 'fine')).toBe('fine\n');
    expect(proxy.takeRequests().filter((line) => line.includes('nobody'))).toEqual([]);
  });

  test('independent stages run at the same time', async () => {
    const meet = (me: string, other: string): string =>
      `RUN --mount=type=cache,id=meeting-${identity.kind},target=/m touch /m/${me}; i=0; while [ ! -e /m/${other} ]; do i=$((i+1)); [ $i -lt 600 ] || exit 1; sleep 0.05; done; echo met >/${me}`;
    const image = await work.build({
      Dockerfile: `FROM ${base} AS a\n${meet('a', 'b')}\nFROM ${base} AS b\n${meet('b', 'a')}\nFROM scratch\nCOPY --from=a /a /\nCOPY --from=b /b /\n`,
    });

    expect(textOf(image, 'a') + textOf(image, 'b')).toBe('met\nmet\n');
  });

  test('two builds at once on one state succeed and run their common steps once', async () => {
    const context = work.context({ Dockerfile: `FROM ${base}\nRUN sleep 0.3\n${random('/made')}\n` });
    await Promise.all(['one', 'two'].map(async (name) => await work.ok(['build', '-t', name, context])));
    const [one, two] = [await work.image('one'), await work.image('two')];

    expect(textOf(one, 'made')).toBe(textOf(two, 'made'));
  });
});
