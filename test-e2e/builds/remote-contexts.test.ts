// SPDX-License-Identifier: MIT

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  symlinkSync,
} from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type GitServer, startGitServer } from '../support/git-server.ts';
import { fileOf, textOf } from '../support/image.ts';
import { refusalOf } from '../support/refusal.ts';
import { type ScriptedServer, startScriptedServer } from '../support/scripted-server.ts';
import { testRun } from '../support/test-run.ts';
import { NO_TRACES, tracesOf } from '../support/traces.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { busybox, identities } = testRun();

describe.each(identities)('contexts from elsewhere, as $kind', (identity) => {
  let work: Workspace;
  let git: GitServer;
  let web: ScriptedServer;

  beforeAll(async () => {
    work = openWorkspace(identity);
    git = await startGitServer(join(work.folder, 'repositories'));
    web = await startScriptedServer();
  });

  afterAll(async () => {
    await git.stop();
    await web.stop();
    work.remove();
  });

  function serve(path: string, bytes: Uint8Array | string): string {
    web.documents.set(path, { type: 'application/octet-stream', bytes: Buffer.from(bytes) });
    return `http://${web.host}${path}`;
  }

  function pack(files: Readonly<Record<string, string>>, ...flags: string[]): Buffer {
    return execFileSync('tar', ['-C', work.context(files), '--owner=5', '--group=6', '-c', ...flags, '.']);
  }

  async function refused(...args: string[]): Promise<string> {
    const refusal = refusalOf(await work.img(['build', ...args]));
    expect(refusal).toMatchObject({ code: 1, stack: [] });
    return refusal.cause ?? '';
  }

  test.each([
    ['plain', []],
    ['gzip', ['-z']],
    ['bzip2', ['-j']],
    ['xz', ['-J']],
    ['zstd', ['--zstd']],
  ])('a %s archive is a context, on stdin and on a server', async (name, flags) => {
    const archive = pack({ Dockerfile: 'FROM scratch\nCOPY . /\nCOPY f /copy\n', f: name }, ...flags);
    await work.ok(['build', '-t', `stdin-${name}`, '-'], { input: archive });
    await work.ok(['build', '-t', `web-${name}`, serve(`/${name}`, archive)]);
    for (const from of ['stdin', 'web'])
      expect(fileOf(await work.image(`${from}-${name}`), 'copy')).toBe(`644 5:6 ${name}`);
    const again = await work.ok(['build', '--no-console', '-t', 'again', '-'], { input: archive });
    expect(again.stderr).toMatch(/COPY f \/copy\n#\d+ CACHED/);
  });

  test('ADD unpacks archives of every packing, also from a server when asked', async () => {
    const packed = [
      ['tar', []],
      ['gz', ['-z']],
      ['bz2', ['-j']],
      ['xz', ['-J']],
      ['zst', ['--zstd']],
    ] as const;
    const archives = Object.fromEntries(
      packed.map(([name, flags]) => [`a.${name}`, pack({ inside: name }, ...flags)]),
    );
    const url = serve('/a.tar.xz', pack({ inside: 'web' }, '-J'));
    const image = await work.build({
      ...archives,
      Dockerfile: `FROM scratch\n${packed.map(([name]) => `ADD a.${name} /${name}/`).join('\n')}
ADD --unpack=true ${url} /web/
ADD ${url} /kept/
ADD --unpack=false a.gz /kept/
`,
    });
    for (const [name] of packed) expect(fileOf(image, `${name}/inside`)).toBe(`644 5:6 ${name}`);
    expect(textOf(image, 'web/inside')).toBe('web');
    expect([image.files.has('kept/a.tar.xz'), image.files.has('kept/a.gz')]).toEqual([true, true]);
  });

  test('an archive whose program is missing is not taken for a mere file', async () => {
    const programs = join(work.folder, 'programs');
    mkdirSync(programs);
    chmodSync(programs, 0o755);
    for (const folder of ['/usr/sbin', '/usr/bin'])
      for (const name of readdirSync(folder))
        if (name !== 'xz' && !existsSync(join(programs, name)))
          symlinkSync(join(folder, name), join(programs, name));
    const context = work.context({ 'a.xz': pack({ x: '' }, '-J'), Dockerfile: 'FROM scratch\nADD a.xz /\n' });
    const refusal = refusalOf(await work.img(['build', context], { env: { PATH: programs } }));
    expect(refusal).toMatchObject({
      code: 1,
      cause: expect.stringContaining('the program xz is needed to unpack the stream and was not found'),
      hint: 'install it, for example with: apt-get install xz-utils',
    });
  });

  test('SOURCE_DATE_EPOCH may be the time of the context', async () => {
    git.commit('dated', { Dockerfile: 'FROM scratch\nCOPY f /f\n', f: '1' });
    const epoch = ['--build-arg', 'SOURCE_DATE_EPOCH=context'];
    await work.ok(['build', '-t', 'dated', ...epoch, `${git.url}/dated`]);
    expect((await work.image('dated')).config.created).toBe('2020-01-02T03:04:05Z');
    const archive = pack({ Dockerfile: 'FROM scratch\nCOPY f /f\n', f: '1' }, '-z', '--mtime=@1000000000');
    await work.ok(['build', '-t', 'packed', ...epoch, serve('/dated', archive)]);
    expect((await work.image('packed')).config.created).toBe('2001-09-09T01:46:40Z');
  });

  test('a server may also have the Dockerfile alone', async () => {
    const url = serve('/Dockerfile', `FROM ${busybox}\nRUN echo made >/made\n`);
    await work.ok(['build', '-t', 'text', url]);
    expect(textOf(await work.image('text'), 'made')).toBe('made\n');
    expect(await refused('-f', 'x', url)).toContain('ambiguous Dockerfile source');
  });

  test('named contexts of every kind stand for stages and images', async () => {
    git.commit('named', { g: 'git' });
    const folder = work.context({ f: 'folder', secret: 's', '.dockerignore': 'secret\n' });
    const file = serve('/file', 'http');
    const layout = join(work.folder, 'layout');
    await work.ok([
      'build',
      '-t',
      'inner',
      '-o',
      'type=oci,dest=layout.tar',
      work.context({ Dockerfile: `FROM ${busybox}\nENV A=layout\n` }),
    ]);
    mkdirSync(layout);
    chownSync(layout, identity.uid, identity.gid);
    execFileSync('tar', ['-C', layout, '-xf', join(work.folder, 'layout.tar')]);
    const { manifests } = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as {
      manifests: readonly { digest: string; annotations: Record<string, string> }[];
    };
    const [manifest] = manifests;
    const contexts = {
      folder,
      'alpine:3': `docker-image://${busybox}`,
      nothing: 'docker-image://scratch',
      tagged: `oci-layout://${layout}:${manifest?.annotations['org.opencontainers.image.ref.name'] ?? 'latest'}`,
      pinned: `oci-layout://${layout}@${manifest?.digest}`,
      repository: `${git.url}/named#main`,
      download: file,
      other: 'target:stage',
      unused: '/nosuch/folder',
    };
    const image = await work.build(
      {
        Dockerfile: `FROM alpine:3 AS stage
RUN echo stage >/stage
FROM tagged AS layout
RUN echo $A >/layout
FROM nothing
COPY --from=folder . /folder/
COPY --from=repository g /git
COPY --from=download context /http
COPY --from=other stage /stage
COPY --from=layout layout /layout
COPY --from=pinned bin/busybox /busybox
`,
      },
      Object.entries(contexts).flatMap(([name, value]) => ['--build-context', `${name}=${value}`]),
    );
    expect(['folder/f', 'git', 'http', 'stage', 'layout'].map((path) => textOf(image, path))).toEqual([
      'folder',
      'git',
      'http',
      'stage\n',
      'layout\n',
    ]);
    expect([image.files.has('folder/secret'), image.files.has('busybox')]).toEqual([false, true]);
    const missing = work.context({ Dockerfile: 'FROM scratch\nCOPY --from=gone x /\n' });
    expect(await refused('--build-context', 'gone=/nosuch/folder', missing)).toContain(
      'build context "gone": there is no folder /nosuch/folder',
    );
  });

  test('only what is used of a folder is read', async () => {
    const context = work.context({
      Dockerfile: 'FROM scratch\nCOPY used/* link /\n',
      'used/a': 'a',
      'far/b': 'b',
    });
    symlinkSync('far/b', join(context, 'link'));
    // A file that nobody can read is no obstacle when nobody needs it.
    symlinkSync('/nosuch', join(context, 'used.broken'));
    mkdirSync(join(context, 'closed'), { mode: 0o000 });
    try {
      const { stderr } = await work.ok(['build', '--no-console', '-t', 'used', context]);
      expect(stderr).toMatch(/load build context\n(?:#\d+ \.\.\.\n[^]*)?#\d+ transferring context: 2B/);
      expect(textOf(await work.image('used'), 'link')).toBe('b');
    } finally {
      rmdirSync(join(context, 'closed'));
    }
  });

  test('ADD pins and names downloads, and never follows them into a private network', async () => {
    const url = serve('/dir/file.txt', 'content');
    const sum = createHash('sha256').update('content').digest('hex');
    const image = await work.build({
      Dockerfile: `FROM scratch\nADD --checksum=sha256:${sum} ${url} /pinned\nADD ${url} /into/\nADD --chmod=755 --chown=7:8 ${url} /mine\n`,
    });
    expect(fileOf(image, 'pinned')).toBe('600 0:0 content');
    expect(fileOf(image, 'into/file.txt')).toBe('600 0:0 content');
    expect(fileOf(image, 'mine')).toBe('755 7:8 content');
    const bad = work.context({
      Dockerfile: `FROM scratch\nADD --checksum=sha256:${'0'.repeat(64)} ${url} /x\n`,
    });
    expect(await refused(bad)).toContain('digest mismatch');
  });

  test('what is no context is said to be none, and nothing is left of it', async () => {
    const page = serve('/page', '<!doctype html>\n<html><body>log in</body></html>\n');
    expect(await refused(page)).toBe(`${page} is an HTML page, and neither a Dockerfile nor a tar archive`);
    expect(await refused(`http://${web.host}/nosuch`)).toContain('the server answered 404 Not Found');
    expect(await refused(`http://${web.host}/page.git`)).toContain('git ls-remote failed');
    expect(await refused('http://127.0.0.1:1/x')).toContain('ECONNREFUSED');
    expect(await refused(`${git.url}/nosuch`)).toContain('git ls-remote failed');
    const damaged = serve('/damaged', pack({ Dockerfile: 'FROM scratch\n' }, '-z').subarray(0, 40));
    expect(await refused(damaged)).toContain('packed with gzip and holds no readable tar archive');
    const empty = serve('/empty', pack({ x: '' }));
    expect(await refused(empty)).toContain('open Dockerfile: no such file or directory');
    expect(tracesOf(work)).toEqual(NO_TRACES);
  });

  test('a server that never answers is left when the user has enough', async () => {
    const server = createServer((socket) => void socket.on('error', () => {}));
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(0, '127.0.0.1', resolve);
    await promise;
    const { port } = server.address() as AddressInfo;
    for (const scheme of ['git', 'http']) {
      const connected = Promise.withResolvers<void>();
      server.once('connection', () => connected.resolve());
      const { child, result } = work.start(['build', '-t', 'x', `${scheme}://127.0.0.1:${port}/x`]);
      await connected.promise;
      child.kill('SIGTERM');
      expect((await result).code).toBe(143);
    }
    server.close();
    expect(tracesOf(work)).toEqual(NO_TRACES);
  });
});
