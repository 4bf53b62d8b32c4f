// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createMemoryLocks } from '@img-build/testkit';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { gitRequestFrom } from '../../src/git/git-address.ts';
import type { GitSourceOptions } from '../../src/git/git-remote.ts';
import { createGitSource } from '../../src/git/git-source.ts';
import { folderWith, removeFolders } from '../folder.ts';
import { repositoryWith, type WorkingRepository } from './repository.ts';
import {
  type LoopbackServer,
  startGitDaemon,
  startHttp,
  startSilentServer,
  startSmartHttp,
} from './servers.ts';

const servers: LoopbackServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
afterAll(removeFolders);

function keep(server: LoopbackServer): LoopbackServer {
  servers.push(server);
  return server;
}

async function served({ folder }: WorkingRepository): Promise<string> {
  const { port } = keep(await startGitDaemon(dirname(folder)));
  return `git://127.0.0.1:${port}/${basename(folder)}`;
}

async function treeOf(
  url: string,
  options: Partial<GitSourceOptions> = {},
  signal?: AbortSignal,
  attrs: Readonly<Record<string, string>> = {},
): Promise<string> {
  const source = createGitSource({
    folder: folderWith({}),
    scratch: folderWith({}),
    env: process.env,
    ...options,
  });
  const identifier = { identifier: 'git://x', attrs: { 'git.fullurl': url, ...attrs } };
  const content = await (await source.open(identifier, { signal })).content({ signal });
  return content.type === 'tree' && content.tree.type === 'host' ? content.tree.path : '';
}

describe('addresses', () => {
  test.each([
    ['--upload-pack=x'],
    ['ext::sh -c true'],
    ['file:///etc'],
    ['fd::3'],
    ['https://host/with space'],
    ['ssh://-oProxyCommand=x/y'],
    ['git@-oProxyCommand=x:y'],
    ['-x@host:y'],
    ['git@host:-y'],
    ['https://host/\n'],
    [''],
  ])('%j is refused', (url) => {
    expect(() => gitRequestFrom({ identifier: 'git://x', attrs: { 'git.fullurl': url } })).toThrow(
      expect.objectContaining({ code: 'SOURCE_IDENTIFIER_INVALID' }),
    );
  });

  test.each([
    ['--upload-pack=x'],
    ['-x'],
    ['a..b'],
    ['a b'],
    ['a^{}'],
    ['refs/*'],
    ['a\\b'],
    ['x.lock'],
    ['/x'],
    ['x/'],
  ])('the ref %j is refused', (ref) => {
    expect(() =>
      gitRequestFrom({ identifier: `git://x#${ref}`, attrs: { 'git.fullurl': 'https://h/x' } }),
    ).toThrow(expect.objectContaining({ code: 'SOURCE_IDENTIFIER_INVALID' }));
  });

  test('without a transport are https, and a login is taken out of them', () => {
    expect(gitRequestFrom({ identifier: 'git://github.com/a/b.git#v1:sub', attrs: {} })).toMatchObject({
      url: 'https://github.com/a/b.git',
      ref: 'v1',
      folder: 'sub',
    });
    const attrs = { 'git.fullurl': 'https://me:p%40ss@host/x.git' };
    expect(gitRequestFrom({ identifier: 'git://host/x.git', attrs })).toMatchObject({
      url: 'https://host/x.git',
      login: 'me:p@ss',
    });
  });
});

describe('repositories', () => {
  test('run nothing: no hooks, filters or commands of theirs, and nothing the user configured', async () => {
    const repository = repositoryWith({
      '.gitattributes': '* filter=evil\n',
      '.githooks/post-checkout': '#!/bin/sh\ntouch owned\n',
      a: 'x',
    });
    const home = folderWith({});
    const owned = join(home, 'owned');
    writeFileSync(
      join(home, '.gitconfig'),
      `[filter "evil"]\n smudge = touch ${owned}\n[core]\n hooksPath = ${home}\n fsmonitor = touch ${owned}\n`,
    );
    const url = await served(repository);
    const env = {
      ...process.env,
      HOME: home,
      GIT_DIR: '/nonexistent',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'x.y',
    };
    const path = await treeOf(url, { env }, undefined, { 'git.keepgitdir': 'true' });
    expect(readdirSync(path).sort()).toEqual(['.git', '.gitattributes', '.githooks', 'a']);
    expect(existsSync(owned)).toBe(false);
    expect(existsSync(join(path, '.git/hooks'))).toBe(false);
  });

  test('with a tree that git itself would not make do not get out of their folder', async () => {
    const repository = repositoryWith({ a: 'x' });
    const { folder, run } = repository;
    const blob = run('hash-object', '-w', 'a');
    const tree = (entries: string): string =>
      execFileSync('git', ['-C', folder, 'mktree'], { input: entries, encoding: 'utf8' }).trim();
    const link = execFileSync('git', ['-C', folder, 'hash-object', '-w', '--stdin'], {
      input: '/tmp',
      encoding: 'utf8',
    }).trim();
    const inner = tree(`100644 blob ${blob}\tconfig\n`);
    for (const entries of [
      `040000 tree ${inner}\t.git\n`,
      `120000 blob ${link}\t.git\n`,
      `040000 tree ${inner}\t..\n`,
    ]) {
      run('update-ref', 'refs/heads/main', run('commit-tree', '-m', 'bad', tree(entries)));
      await expect(treeOf(await served(repository))).rejects.toHaveProperty('code', 'SOURCE_GIT_FAILED');
    }
  });

  test('whose submodule is to go through a link are refused', async () => {
    const repository = repositoryWith({ a: 'x' });
    const { folder, run } = repository;
    const target = folderWith({});
    symlinkSync(target, join(folder, 'link'));
    run('config', '-f', '.gitmodules', 'submodule.x.path', 'link');
    run('config', '-f', '.gitmodules', 'submodule.x.url', './x');
    run('add', '.');
    run('commit', '--quiet', '-m', 'two');
    const path = await treeOf(await served(repository));
    expect(readdirSync(path).sort()).toEqual(['.gitmodules', 'a', 'link']);
    expect(readdirSync(target)).toEqual([]);
  });

  test('with a file over the limit are refused', async () => {
    const repository = repositoryWith({ a: '' });
    writeFileSync(join(repository.folder, 'big'), Buffer.alloc(300_000, 'x'));
    repository.run('add', '.');
    repository.run('commit', '--quiet', '-m', 'big');
    await expect(treeOf(await served(repository), { maxBytes: 100 * 1024 })).rejects.toMatchObject({
      code: expect.stringMatching(/SOURCE_TOO_LARGE|SOURCE_GIT_FAILED/),
    });
  });
});

describe('servers', () => {
  test.each([['git'], ['http']])('that do not answer over %s are given up', async (scheme) => {
    const { port } = keep(await startSilentServer());
    await expect(treeOf(`${scheme}://127.0.0.1:${port}/x.git`, { stalled: 300 })).rejects.toMatchObject({
      code: 'SOURCE_GIT_FAILED',
      message: 'git ls-remote failed: the server sent nothing for 0.3 seconds',
    });
  });

  test('that do not answer are left when the build is cancelled', async () => {
    const { port } = keep(await startSilentServer());
    const abort = new AbortController();
    const work = treeOf(`git://127.0.0.1:${port}/x.git`, {}, abort.signal);
    const reason = new Error('enough');
    setImmediate(() => abort.abort(reason));
    await expect(work).rejects.toBe(reason);
  });

  test('that send a page are told from repositories', async () => {
    const { port } = keep(
      await startHttp((_request, response) => void response.end('<!doctype html>\n<p>hello\n')),
    );
    await expect(treeOf(`http://127.0.0.1:${port}/x.git`)).rejects.toMatchObject({
      code: 'SOURCE_GIT_FAILED',
      message: expect.stringContaining('is this a git repository?'),
      hint: 'the server answered with something else than a git repository',
    });
  });

  test('may redirect to where a repository moved, but not from the internet into a private network', async () => {
    const repository = repositoryWith({ a: 'x' });
    const name = basename(repository.folder);
    const target = keep(await startSmartHttp(dirname(repository.folder)));
    const moved = keep(
      await startHttp((request, response) => {
        const location = `http://127.0.0.1:${target.port}${request.url?.replace('/old', `/${name}`)}`;
        response.writeHead(301, { location }).end();
      }, '127.0.0.2'),
    );
    const url = `http://127.0.0.2:${moved.port}/old`;
    expect(readdirSync(await treeOf(url))).toEqual(['a']);
    target.requests.length = 0;
    await expect(treeOf(url, { isPublic: (address) => address === '127.0.0.2' })).rejects.toHaveProperty(
      'code',
      'SOURCE_REDIRECT_REFUSED',
    );
    expect(target.requests).toEqual([]);
  });

  test('of ssh need a key that the user gave to the build', async () => {
    await expect(
      treeOf('git@localhost:x/y.git', {}, undefined, { 'git.mountsshsock': 'default' }),
    ).rejects.toMatchObject({ code: 'SOURCE_GIT_FAILED', hint: 'give one with --ssh default' });
  });

  test('do not change one repository from two builds at once', async () => {
    const repository = repositoryWith({ a: 'x' });
    const url = await served(repository);
    const shared = { folder: folderWith({}), env: process.env, locks: createMemoryLocks() };
    const sources = [1, 2, 3].map(() => createGitSource({ ...shared, scratch: folderWith({}) }));
    const paths = await Promise.all(
      sources.map(async (source) => {
        const one = await source.open({ identifier: 'git://x#main', attrs: { 'git.fullurl': url } });
        const content = await one.content();
        return content.type === 'tree' && content.tree.type === 'host' ? readdirSync(content.tree.path) : [];
      }),
    );
    expect(paths).toEqual([['a'], ['a'], ['a']]);
  });
});
