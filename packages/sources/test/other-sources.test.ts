// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { HostTree, Source, SourceIdentifier } from '@img-build/interfaces';
import { createMemoryContentStore } from '@img-build/testkit';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { createOciLayoutSource } from '../src/image/oci-layout-source.ts';
import { createLocalSource } from '../src/local-source.ts';
import { createGitSource } from '../src/remote/git-source.ts';
import { createHttpSource } from '../src/remote/http-source.ts';
import { folderWith, removeFolders } from './folder.ts';
import { addImage, createFakeRegistry } from './image/fake-registry.ts';

afterAll(removeFolders);

async function treeOf(
  source: Source,
  identifier: SourceIdentifier,
): Promise<{ key: string; tree: HostTree }> {
  const instance = await source.open(identifier);
  const { key } = await instance.cacheKey(0);
  const content = await instance.content();
  if (content.type !== 'tree' || content.tree.type !== 'host') throw new Error('not a host tree');
  return { key, tree: content.tree };
}

describe('local folders', () => {
  const source = createLocalSource({ folders: { context: '/ctx' }, session: 's1' });

  test('are filtered trees whose keys are never shared', async () => {
    const attrs = {
      'local.includepattern': '["a"]',
      'local.excludepatterns': '["*.log"]',
      'local.followpaths': '["b","c"]',
    };
    const { key, tree } = await treeOf(source, { identifier: 'local://context', attrs });
    expect(tree).toEqual({
      type: 'host',
      path: '/ctx',
      include: ['a'],
      exclude: ['*.log'],
      followPaths: ['b', 'c'],
      rootOwned: true,
    });
    expect(key).toMatch(/^session:context:sha256:[0-9a-f]{64}$/);
    const other = createLocalSource({ folders: { context: '/ctx' }, session: 's2' });
    expect((await treeOf(other, { identifier: 'local://context', attrs })).key).not.toBe(key);
  });

  test('that the build was not given do not exist', async () => {
    await expect(source.open({ identifier: 'local://toString', attrs: {} })).rejects.toHaveProperty(
      'code',
      'SOURCE_NOT_FOUND',
    );
    await expect(
      source.open({ identifier: 'local://context', attrs: { 'local.followpaths': '{}' } }),
    ).rejects.toHaveProperty('code', 'SOURCE_IDENTIFIER_INVALID');
  });
});

describe('OCI layouts', () => {
  test('are read by tag, verified while copied', async () => {
    const registry = createFakeRegistry();
    const { config: _, ...image } = addImage(registry, ['layer']);
    const folder = folderWith({
      'blobs/sha256': null,
      'index.json': JSON.stringify({
        schemaVersion: 2,
        manifests: [{ ...image, annotations: { 'org.opencontainers.image.ref.name': 'v1' } }],
      }),
    });
    for (const [digest, bytes] of registry.blobs)
      writeFileSync(join(folder, 'blobs/sha256', digest.slice(7)), bytes);
    const content = createMemoryContentStore();
    const source = createOciLayoutSource({
      stores: { mine: folder },
      content,
      platform: { os: 'linux', architecture: 'amd64' },
    });
    const attrs = { 'oci.store': 'mine' };
    const result = await (await source.open({ identifier: 'oci-layout://base:v1', attrs })).content();
    const [layer] = result.type === 'layers' ? result.layers : [];
    expect(layer?.remote).toBeUndefined();
    await layer?.fetch();
    expect(
      layer === undefined ? undefined : Buffer.from(await content.read(layer.descriptor.digest)).toString(),
    ).toBe('layer');
    await expect(source.open({ identifier: 'oci-layout://base:v2', attrs })).rejects.toHaveProperty(
      'code',
      'SOURCE_NOT_FOUND',
    );
    await expect(
      source.open({ identifier: `oci-layout://base@sha256:${'0'.repeat(64)}`, attrs }),
    ).rejects.toHaveProperty('code', 'SOURCE_NOT_FOUND');
  });
});

describe('http', () => {
  let server: Server | undefined;
  afterEach(async () => {
    await new Promise((resolve) => server?.close(resolve));
  });

  async function serve(body: string): Promise<{ url: string; requests: string[] }> {
    const requests: string[] = [];
    server = createServer((request, response) => {
      const etag = '"one"';
      requests.push(`${request.url} ${request.headers['if-none-match'] ?? ''}`.trim());
      if (request.url?.startsWith('/missing') === true) return void response.writeHead(404).end();
      if (request.headers['if-none-match'] === etag) return void response.writeHead(304).end();
      response.writeHead(200, { etag, 'last-modified': 'Wed, 21 Oct 2015 07:28:00 GMT' }).end(body);
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
  }

  test('gives one file with its time and mode, and does not load it again', async () => {
    const { url, requests } = await serve('hello');
    const folder = folderWith({});
    const first = await treeOf(createHttpSource({ folder }), {
      identifier: `${url}/dir/a.txt?token=secret`,
      attrs: {},
    });
    expect(readdirSync(first.tree.path)).toEqual(['a.txt']);
    const file = join(first.tree.path, 'a.txt');
    expect(readFileSync(file, 'utf8')).toBe('hello');
    expect(lstatSync(file).mode & 0o777).toBe(0o600);
    expect(lstatSync(file).mtime.toISOString()).toBe('2015-10-21T07:28:00.000Z');
    const second = await treeOf(createHttpSource({ folder }), {
      identifier: `${url}/dir/a.txt?token=secret`,
      attrs: {},
    });
    expect(second.key).toBe(first.key);
    expect(requests).toEqual(['/dir/a.txt?token=secret', '/dir/a.txt?token=secret "one"']);
  });

  test('a checksum is the key without a download, and is verified', async () => {
    const { url, requests } = await serve('hello');
    const good = `sha256:${createHash('sha256').update('hello').digest('hex')}`;
    const instance = await createHttpSource({ folder: folderWith({}) }).open({
      identifier: `${url}/a`,
      attrs: { 'http.checksum': good },
    });
    await instance.cacheKey(0);
    expect(requests).toEqual([]);
    await instance.content();
    const bad = await createHttpSource({ folder: folderWith({}) }).open({
      identifier: `${url}/a`,
      attrs: { 'http.checksum': `sha256:${'0'.repeat(64)}` },
    });
    await expect(bad.content()).rejects.toHaveProperty('code', 'SOURCE_CHECKSUM_MISMATCH');
  });

  test('errors name the URL without its secrets; nothing is left of a file that is too large', async () => {
    const { url } = await serve('far too much');
    const folder = folderWith({});
    const missing = await createHttpSource({ folder }).open({
      identifier: `${url.replace('//', '//user:pass@')}/missing?token=x`,
      attrs: {},
    });
    await expect(missing.cacheKey(0)).rejects.toMatchObject({
      code: 'SOURCE_DOWNLOAD_FAILED',
      message: expect.not.stringMatching(/pass|token/),
    });
    const large = await createHttpSource({ folder, maxBytes: 4 }).open({ identifier: `${url}/a`, attrs: {} });
    await expect(large.cacheKey(0)).rejects.toHaveProperty('code', 'SOURCE_TOO_LARGE');
    expect(readdirSync(join(folder, 'files'))).toEqual([]);
  });
});

describe('git', () => {
  function repository(): { folder: string; run: (...args: string[]) => string } {
    const folder = folderWith({ 'a.txt': 'one', 'sub/b.txt': 'two' });
    const env = {
      ...process.env,
      GIT_AUTHOR_NAME: 'a',
      GIT_AUTHOR_EMAIL: 'a@b',
      GIT_COMMITTER_NAME: 'a',
      GIT_COMMITTER_EMAIL: 'a@b',
    };
    const run = (...args: string[]): string =>
      execFileSync('git', ['-C', folder, ...args], {
        encoding: 'utf8',
        env,
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
    run('init', '--quiet', '-b', 'main');
    run('add', '.');
    run('commit', '--quiet', '-m', 'one');
    run('tag', '-a', 'v1', '-m', 'v1');
    return { folder, run };
  }

  test('gives the files of a branch, tag or commit; the key is the commit', async () => {
    const { folder, run } = repository();
    const first = run('rev-parse', 'HEAD');
    writeFileSync(join(folder, 'a.txt'), 'changed');
    run('commit', '--quiet', '-am', 'two');
    const source = createGitSource({ folder: folderWith({}), env: process.env });
    const open = (ref: string, attrs: Record<string, string> = {}) =>
      treeOf(source, {
        identifier: `git://x/y.git${ref}`,
        attrs: { 'git.fullurl': `file://${folder}`, ...attrs },
      });

    const head = await open('');
    expect(head.key).toBe(run('rev-parse', 'HEAD'));
    expect(readdirSync(head.tree.path).sort()).toEqual(['a.txt', 'sub']);
    expect(readFileSync(join(head.tree.path, 'a.txt'), 'utf8')).toBe('changed');
    expect(lstatSync(join(head.tree.path, 'a.txt')).mode & 0o777).toBe(0o644);
    const tag = await open('#v1:sub');
    expect(tag.key).toBe(`${first}:sub`);
    expect(readdirSync(tag.tree.path)).toEqual(['b.txt']);
    const kept = await open(`#${first}`, { 'git.keepgitdir': 'true' });
    expect(kept.key).toBe(`${first}.git#${first}`);
    expect(readdirSync(kept.tree.path).sort()).toEqual(['.git', 'a.txt', 'sub']);
    expect(readFileSync(join(kept.tree.path, 'a.txt'), 'utf8')).toBe('one');
  });

  test('refuses what is not there, and what would be an option or leave the repository', async () => {
    const { folder } = repository();
    mkdirSync(join(folder, 'x'), { recursive: true });
    const source = createGitSource({ folder: folderWith({}), env: process.env });
    const open = (ref: string, url = `file://${folder}`, attrs: Record<string, string> = {}) =>
      treeOf(source, { identifier: `git://x/y.git${ref}`, attrs: { 'git.fullurl': url, ...attrs } });
    await expect(open('#nobranch')).rejects.toHaveProperty('code', 'SOURCE_NOT_FOUND');
    await expect(open('#--upload-pack=x')).rejects.toHaveProperty('code', 'SOURCE_IDENTIFIER_INVALID');
    await expect(open('', '--upload-pack=x')).rejects.toHaveProperty('code', 'SOURCE_IDENTIFIER_INVALID');
    await expect(open('', 'ext::sh -c true')).rejects.toHaveProperty('code', 'SOURCE_GIT_FAILED');
    await expect(open('#main:../..')).resolves.toHaveProperty(
      'tree.path',
      expect.stringMatching(/[0-9a-f]{40}$/),
    );
    await expect(open('#main:a.txt')).rejects.toHaveProperty('code', 'SOURCE_NOT_FOUND');
    await expect(open('#main', `file://${folder}`, { 'git.checksum': 'ffff' })).rejects.toHaveProperty(
      'code',
      'SOURCE_CHECKSUM_MISMATCH',
    );
  });
});
