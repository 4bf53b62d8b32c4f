// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { must } from '../support/run.ts';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { busybox, identities, registry } = testRun();

const DOCKERFILE = `FROM ${busybox} AS made
RUN --mount=type=cache,target=/c head -c 16 /dev/urandom >/made
FROM ${busybox}
WORKDIR /app
COPY dir tree/
COPY --from=made /made .
RUN head -c 16 /dev/urandom >/own
`;

const indexForm = 'image-manifest=false';
const dockerForm = 'oci-mediatypes=false';

describe.each(identities.slice(-1))('forms of a cache as $kind', (identity) => {
  let work: Workspace;
  let context: string;
  let count = 0;
  const state = (name: string): { readonly state: string } => ({ state: join(work.folder, name) });

  beforeAll(async () => {
    work = openWorkspace(identity);
    context = work.context({ Dockerfile: DOCKERFILE, 'dir/one': '1\n', 'dir/sub/two': '2\n' });
    await work.ok(['build', '-t', 'formed', context], state('first'));
  });

  afterAll(() => work.remove());

  /** A machine that has nothing but the cache executes nothing and makes the same image. */
  async function expectSame(from: string, origin = 'first', built = context): Promise<void> {
    count += 1;
    const other = state(`other-${count}`);
    const { stderr } = await work.ok(
      ['build', '--progress', 'plain', '--cache-from', from, '-t', 'formed', built],
      other,
    );
    const names = [...stderr.matchAll(/^#(\d+) \[[^\]]*\d\/\d\] (RUN|COPY|WORKDIR)/gm)].map(([, id]) => id);
    const cached = [...stderr.matchAll(/^#(\d+) CACHED/gm)].map(([, id]) => id);
    expect(names.length).toBeGreaterThanOrEqual(4);
    expect(names.filter((id) => !cached.includes(id))).toEqual([]);
    const [first, second] = [await work.image('formed', state(origin)), await work.image('formed', other)];
    expect(second.config.rootfs).toEqual(first.config.rootfs);
  }

  test.each([
    ['an image manifest', 'manifest', ''],
    ['an index', 'index', `,${indexForm}`],
    ['a docker manifest list', 'docker', `,${dockerForm}`],
  ])('a registry has it as %s', async (_, tag, options) => {
    const ref = `${registry}/forms/cache:${tag}`;
    await work.ok(
      ['build', '--cache-to', `type=registry,ref=${ref},mode=max${options}`, context],
      state('first'),
    );
    await expectSame(`type=registry,ref=${ref}`);
  });

  test('a registry has it with zstd layers', async () => {
    const ref = `${registry}/forms/cache:zstd`;
    const output = ['-o', 'type=image,name=formed,compression=zstd'];
    const cache = ['--cache-to', `type=registry,ref=${ref},mode=max,compression=zstd`];
    await work.ok(['build', ...output, ...cache, context], state('zstd'));
    const { stdout } = await must('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${ref}`]);
    expect(stdout).toContain('application/vnd.oci.image.layer.v1.tar+zstd');
    await expectSame(ref, 'zstd');
  });

  test('an image carries it', async () => {
    const ref = `${registry}/forms/image:1`;
    const dockerfile = `FROM ${busybox}\nWORKDIR /app\nCOPY dir tree/\nRUN head -c 16 /dev/urandom >/own\nRUN head -c 16 /dev/urandom >/more\n`;
    const own = work.context({ Dockerfile: dockerfile, 'dir/one': '1\n' });
    await work.ok(['build', '-t', ref, '--push', '--cache-to', 'type=inline', own], state('inline'));
    await work.ok(['build', '-t', 'formed', own], state('inline'));
    await expectSame(ref, 'inline', own);
  });

  test('skopeo copies it, and the copy is as good', async () => {
    const copy = `${registry}/forms/copy:1`;
    const insecure = ['--src-tls-verify=false', '--dest-tls-verify=false'];
    await must('skopeo', [
      'copy',
      ...insecure,
      `docker://${registry}/forms/cache:manifest`,
      `docker://${copy}`,
    ]);
    await expectSame(copy);
  });

  test('a folder has it, and umoci finds nothing in it to collect', async () => {
    const folder = join(work.folder, 'layout');
    await work.ok(
      ['build', '--cache-to', `type=local,dest=${folder},mode=max,tag=main`, context],
      state('first'),
    );
    const before = await blobsOf(folder);
    expect((await must('umoci', ['ls', '--layout', folder])).stdout).toBe('main\n');
    await must('umoci', ['gc', '--layout', folder]);
    expect(await blobsOf(folder)).toEqual(before);
    await expectSame(`type=local,src=${folder},tag=main`);
    const [{ digest }] = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')).manifests;
    await expectSame(`type=local,src=${folder},digest=${digest}`);
  });

  async function blobsOf(folder: string): Promise<string> {
    return (await must('find', [join(folder, 'blobs'), '-type', 'f'])).stdout.split('\n').sort().join('\n');
  }
});
