// SPDX-License-Identifier: MIT
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createMachines, INSTALL } from '../support/machines.ts';
import { must } from '../support/run.ts';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { busybox, identities, registry } = testRun();
const FROM = `FROM ${busybox}\n`;

interface ListedMount {
  readonly ID: string;
  readonly Mount: string;
  readonly Seeded: boolean;
  readonly Size: number;
  readonly InUse: boolean;
}

describe.each(identities)('img cache mount as $kind', (identity) => {
  let work: Workspace;
  const { fresh: machine, build } = createMachines(() => work);

  beforeAll(() => {
    work = openWorkspace(identity);
  });

  afterAll(() => {
    work.remove();
  });

  const place = (name: string): string => `${registry}/mounts/${identity.kind}:${name}`;

  async function list(state: string): Promise<readonly ListedMount[]> {
    const { stdout } = await work.ok(['cache', 'mount', 'ls', '--format', 'json'], { state });
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as ListedMount);
  }

  test('lists, exports, imports and removes', async () => {
    const [first, second] = [machine(), machine()];
    await build(first, `${INSTALL}RUN --mount=type=cache,id=tool,target=/t,mode=0700 echo x >/t/x\n`);
    const mounts = await list(first);
    expect(mounts.map(({ Mount, Seeded, InUse }) => [Mount, Seeded, InUse])).toEqual([
      ['/root/.npm', false, false],
      ['tool', true, false],
    ]);
    expect(mounts.every(({ Size }) => Size > 0)).toBe(true);
    const table = await work.ok(['cache', 'mount', 'ls'], { state: first });
    expect(table.stdout).toMatch(/^ID +SIZE +IN USE +LAST USED +MOUNT\n[0-9a-f]{12} /);

    const tar = join(work.folder, 'mounts.tar');
    await work.ok(['cache', 'mount', 'export', '--all', '-o', tar], { state: first });
    const { stdoutBytes } = await work.ok(
      ['cache', 'mount', 'export', '/root/.npm', '-o', '-', '--compression', 'uncompressed'],
      { state: first },
    );
    expect((await must('tar', ['tf', tar])).stdout).toContain('index.json\noci-layout\n');

    await work.ok(['cache', 'mount', 'import', tar], { state: second });
    expect((await list(second)).map(({ Mount }) => Mount)).toEqual(['/root/.npm', 'tool']);
    const both = `${INSTALL}RUN --mount=type=cache,id=tool,target=/t,mode=0700 cat /t/x >>/out\n`;
    expect((await build(second, both)).out).toBe('from cache\nx\n');

    const ids = (await list(second)).map(({ ID }) => ID);
    expect((await work.ok(['cache', 'mount', 'rm', 'tool'], { state: second })).stdout).toBe(`${ids[1]}\n`);
    await work.ok(['cache', 'mount', 'rm', ids[0]?.slice(0, 8) ?? ''], { state: second });
    expect(await list(second)).toEqual([]);
    await work.ok(['cache', 'mount', 'import', '-'], { state: second, input: stdoutBytes });
    expect((await list(second)).map(({ Mount }) => Mount)).toEqual(['/root/.npm']);

    const wrong = await work.img(['cache', 'mount', 'rm', 'nobody'], { state: second });
    expect(wrong.stderr).toBe('Error: no cache mount "nobody" found\nsee \'img cache mount ls\'\n');
    const noTar = await work.img(['cache', 'mount', 'import', '-'], { state: second, input: 'no tar' });
    expect(noTar.code).toBe(1);
    expect(noTar.stderr).toContain('stdin is no archive of cache mounts');
  });

  test('exports what other tools can look at', async () => {
    const state = machine();
    await build(state, INSTALL);
    const folder = join(work.folder, 'saved-look');
    await work.ok(['cache', 'mount', 'export', '--all', '-o', `type=local,dest=${folder},compression=gzip`], {
      state,
    });
    const { stdout } = await work.ok(
      ['cache', 'mount', 'export', '--all', '-o', `type=registry,ref=${place('look')},compression=gzip`],
      { state },
    );
    expect(stdout).toContain('Exported 1 cache mount to ');

    const name = `docker://${place('look')}`;
    const inspected = JSON.parse((await must('skopeo', ['inspect', '--tls-verify=false', name])).stdout) as {
      Layers: string[];
      Digest: string;
    };
    expect(stdout).toContain(inspected.Digest);
    const [layer = ''] = inspected.Layers;
    const blob = join(folder, 'blobs/sha256', layer.replace('sha256:', ''));
    expect((await must('tar', ['tzf', blob])).stdout).toBe('_cacache/\n_cacache/left-pad\n');
  });

  test('neither removes nor exports what a build uses', async () => {
    const state = machine();
    const context = work.context({
      Dockerfile: `${FROM}RUN --mount=type=cache,id=busy,target=/c <<EOF
echo half >/c/file
echo holding
while [ ! -e /c/go ]; do sleep 0.05; done
echo whole >/c/file
EOF
`,
    });
    const running = work.start(['build', '--no-console', context], { state });
    let printed = '';
    running.child.stderr?.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
    });
    while (!printed.includes('holding\n')) await once(running.child.stderr ?? running.child, 'data');

    expect((await list(state)).map(({ InUse }) => InUse)).toEqual([true]);
    const refused = await work.img(['cache', 'mount', 'rm', 'busy'], { state });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('in use by a running build');

    const tar = join(work.folder, 'busy.tar');
    const exporting = work.start(
      ['cache', 'mount', 'export', 'busy', '-o', tar, '--compression', 'uncompressed'],
      { state },
    );
    const go = `${FROM}RUN --mount=type=cache,id=busy,target=/c touch /c/go\n`;
    await work.ok(['build', '--no-console', work.context({ Dockerfile: go })], { state });
    expect((await running.result).code).toBe(0);
    expect((await exporting.result).code).toBe(0);
    expect(readFileSync(tar, 'latin1')).toContain('whole\n');
  });
});
