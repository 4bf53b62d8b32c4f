// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { removeFolders } from '../folder.ts';
import { open, source } from './opened.ts';
import { addSubmodule, repositoryWith, type WorkingRepository } from './repository.ts';
import { type LoopbackServer, startGitDaemon } from './servers.ts';

const servers: LoopbackServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
afterAll(removeFolders);

/** The daemon's address of a repository; all repositories of the tests are in one folder. */
async function served({ folder }: WorkingRepository): Promise<string> {
  const server = await startGitDaemon(dirname(folder));
  servers.push(server);
  return `git://127.0.0.1:${server.port}/${basename(folder)}`;
}

describe('refs', () => {
  test('branches, tags, full refs and commits lead to commits, and the commit is the key', async () => {
    const repository = repositoryWith({ 'a.txt': 'one', 'sub/b.txt': 'two' });
    const { run } = repository;
    const first = run('rev-parse', 'HEAD');
    run('tag', '-a', 'v1', '-m', 'v1');
    run('tag', 'light');
    writeFileSync(join(repository.folder, 'a.txt'), 'changed');
    run('commit', '--quiet', '-am', 'two');
    run('branch', 'other', first);
    run('tag', 'other');
    const url = await served(repository);
    const from = source();

    const head = await open(from, url);
    expect(head).toMatchObject({ key: run('rev-parse', 'HEAD'), files: ['a.txt', 'sub'] });
    expect(readFileSync(join(head.path, 'a.txt'), 'utf8')).toBe('changed');
    expect(lstatSync(join(head.path, 'a.txt')).mode & 0o777).toBe(0o644);
    expect(lstatSync(join(head.path, 'sub')).mode & 0o777).toBe(0o755);
    expect((await open(from, url, '#v1')).key).toBe(first);
    expect((await open(from, url, '#light')).key).toBe(first);
    // A branch wins over a tag of its name.
    expect((await open(from, url, '#other')).key).toBe(first);
    expect((await open(from, url, '#refs/tags/other')).key).toBe(head.key);
    expect((await open(from, url, '#refs/heads/other')).key).toBe(first);
    expect((await open(from, url, `#${first}`)).key).toBe(first);
    expect((await open(from, url, `#${first.slice(0, 10)}`)).key).toBe(first);
  });

  test('a folder of the repository is the tree, and it stays in the repository', async () => {
    const repository = repositoryWith({ 'sub/b.txt': 'two', 'a.txt': '' });
    execFileSync('ln', ['-s', '/etc', join(repository.folder, 'out')]);
    repository.run('add', '.');
    repository.run('commit', '--quiet', '-m', 'link');
    const url = await served(repository);
    const commit = repository.run('rev-parse', 'HEAD');
    const from = source();
    expect(await open(from, url, '#main:sub')).toMatchObject({ key: `${commit}:sub`, files: ['b.txt'] });
    expect(await open(from, url, '#:/')).toMatchObject({ key: commit });
    expect((await open(from, url, '#main:../..')).files).toEqual(['a.txt', 'out', 'sub']);
    await expect(open(from, url, '#main:a.txt')).rejects.toHaveProperty('code', 'SOURCE_NOT_FOUND');
    await expect(open(from, url, '#main:out')).rejects.toHaveProperty('code', 'TREE_PATH_NOT_FOUND');
    await expect(open(from, url, '#main:nosuch')).rejects.toHaveProperty('code', 'TREE_PATH_NOT_FOUND');
  });

  test('within one build a branch that moves stays where it was', async () => {
    const repository = repositoryWith({ a: '' });
    const url = await served(repository);
    const first = repository.run('rev-parse', 'HEAD');
    const from = source();
    expect((await open(from, url, '#main')).key).toBe(first);
    repository.run('commit', '--quiet', '--allow-empty', '-m', 'two');
    expect((await open(from, url, '#main')).key).toBe(first);
    expect((await open(source(), url, '#main')).key).toBe(repository.run('rev-parse', 'HEAD'));
  });

  test('a checksum must be the beginning of what the ref leads to', async () => {
    const repository = repositoryWith({ a: '' });
    const commit = repository.run('rev-parse', 'HEAD');
    repository.run('tag', '-a', 'v1', '-m', 'v1');
    const tag = repository.run('rev-parse', 'v1');
    const url = await served(repository);
    const from = source();
    const sum = (checksum: string): Record<string, string> => ({ 'git.checksum': checksum });
    expect((await open(from, url, '#main', sum(commit.slice(0, 8)))).key).toBe(commit);
    expect((await open(from, url, '#v1', sum(tag))).key).toBe(commit);
    expect((await open(from, url, '#v1', sum(commit))).key).toBe(commit);
    expect((await open(from, url, '#v1', { ...sum(commit), 'git.fetchbycommit': 'true' })).key).toBe(commit);
    await expect(open(from, url, '#main', sum('0000'))).rejects.toMatchObject({
      code: 'SOURCE_CHECKSUM_MISMATCH',
      message: `expected checksum to match 0000, got ${commit}`,
    });
    await expect(open(from, url, '#main', sum('xyz'))).rejects.toThrow('expected hex commit hash');
  });

  test('what is not there is named', async () => {
    const repository = repositoryWith({ a: '' });
    const url = await served(repository);
    await expect(open(source(), url, '#nobranch')).rejects.toMatchObject({
      code: 'SOURCE_NOT_FOUND',
      message: `repository ${url} does not contain ref nobranch`,
    });
    await expect(open(source(), url, '#0123456')).rejects.toHaveProperty('code', 'SOURCE_NOT_FOUND');
    await expect(open(source(), url, `#${'0'.repeat(40)}`)).rejects.toHaveProperty(
      'code',
      'SOURCE_NOT_FOUND',
    );
    await expect(open(source(), `${url}x`)).rejects.toHaveProperty('code', 'SOURCE_GIT_FAILED');
  });

  test('repositories whose objects are named by sha256', async () => {
    const repository = repositoryWith({ a: 'x' }, '--object-format=sha256');
    const url = await served(repository);
    const got = await open(source(), url, '#main', { 'git.keepgitdir': 'true' });
    expect(got.key).toBe(`${repository.run('rev-parse', 'HEAD')}.git#refs/heads/main`);
    expect(got.files).toEqual(['.git', 'a']);
  });
});

describe("git's own files", () => {
  test('can be kept: a clone of one commit, without our paths and credentials', async () => {
    const repository = repositoryWith({ a: 'x' });
    repository.run('tag', '-a', 'v1', '-m', 'v1');
    const url = await served(repository);
    const from = source();
    const keep = { 'git.keepgitdir': 'true' };
    const tag = await open(from, url, '#v1', keep);
    expect(tag.key).toBe(`${repository.run('rev-parse', 'v1')}.git#refs/tags/v1`);
    const git = (...args: string[]): string =>
      execFileSync('git', ['-c', 'safe.directory=*', '-C', tag.path, ...args], { encoding: 'utf8' }).trim();
    expect(git('describe')).toBe('v1');
    expect(git('status', '--porcelain')).toBe('');
    expect(git('remote', 'get-url', 'origin')).toBe(url);
    expect(readFileSync(join(tag.path, '.git/config'), 'utf8')).not.toMatch(/worktree|file:/);
    const branch = await open(from, url, '', keep);
    expect(branch.key).toBe(`${repository.run('rev-parse', 'HEAD')}.git#refs/heads/main`);
    // A part of a repository has none.
    expect((await open(from, url, '#main:.', keep)).files).toEqual(['.git', 'a']);
  });

  test('files may get the time of the commit', async () => {
    const repository = repositoryWith({ 'a/b': 'x' });
    const url = await served(repository);
    const from = source();
    const got = await open(from, url, '#main', { 'git.mtime': 'commit' });
    expect(got.key).toBe(`${repository.run('rev-parse', 'HEAD')}(mtime=commit)`);
    const time = Date.parse('2020-01-02T03:04:05Z');
    expect(['', 'a', 'a/b'].map((name) => lstatSync(join(got.path, name)).mtimeMs)).toEqual([
      time,
      time,
      time,
    ]);
    expect(await from.commitTime({ identifier: 'git://x#main', attrs: { 'git.fullurl': url } })).toBe(time);
  });
});

describe('submodules', () => {
  test('come along, however deep, by addresses that may be relative', async () => {
    const inner = repositoryWith({ 'inner.txt': 'i' });
    const middle = repositoryWith({ 'middle.txt': 'm' });
    const outer = repositoryWith({ 'outer.txt': 'o' });
    const url = await served(outer);
    const at = (name: WorkingRepository): string => `${dirname(url)}/${basename(name.folder)}`;
    addSubmodule(middle, 'in/ner', at(inner), inner.run('rev-parse', 'HEAD'));
    addSubmodule(outer, 'libs/middle', `../${basename(middle.folder)}`, middle.run('rev-parse', 'HEAD'));
    const commit = outer.run('rev-parse', 'HEAD');

    const all = await open(source(), url);
    expect(all.key).toBe(commit);
    expect(readFileSync(join(all.path, 'libs/middle/in/ner/inner.txt'), 'utf8')).toBe('i');
    expect(readdirSync(join(all.path, 'libs/middle')).sort()).toEqual(['.gitmodules', 'in', 'middle.txt']);

    const none = await open(source(), url, '', { 'git.skipsubmodules': 'true' });
    expect(none.key).toBe(`${commit}(skip-submodules)`);
    expect(readdirSync(join(none.path, 'libs/middle'))).toEqual([]);

    const kept = await open(source(), url, '', { 'git.keepgitdir': 'true' });
    const status = execFileSync(
      'git',
      ['-c', 'safe.directory=*', '-C', join(kept.path, 'libs/middle/in/ner'), 'log', '--oneline'],
      {
        encoding: 'utf8',
      },
    );
    expect(status).toMatch(/^[0-9a-f]+ one\n$/);
  });

  test.each([
    ['ext::sh -c "touch /tmp/owned"'],
    ['file:///etc'],
    ['/etc'],
    ['--upload-pack=touch /tmp/owned'],
    ['../../../../..'],
  ])('at %s are refused', async (address) => {
    const outer = repositoryWith({ a: '' });
    const url = await served(outer);
    addSubmodule(outer, 'bad', address, '1'.repeat(40));
    await expect(open(source(), url)).rejects.toHaveProperty('code', 'SOURCE_IDENTIFIER_INVALID');
  });

  test('that lead back to where they are part of end', async () => {
    const outer = repositoryWith({ a: '' });
    const url = await served(outer);
    let commit = outer.run('rev-parse', 'HEAD');
    for (let depth = 0; depth <= 11; depth++) {
      addSubmodule(outer, 'again', url, commit);
      commit = outer.run('rev-parse', 'HEAD');
    }
    await expect(open(source(), url)).rejects.toHaveProperty('code', 'SOURCE_TOO_LARGE');
  });
});
