// SPDX-License-Identifier: MIT
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type GitServer, startGitServer } from '../support/git-server.ts';
import { fileOf, textOf } from '../support/image.ts';
import { refusalOf } from '../support/refusal.ts';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { identities } = testRun();

describe.each(identities)('repositories, as $kind', (identity) => {
  let work: Workspace;
  let git: GitServer;

  beforeAll(async () => {
    work = openWorkspace(identity);
    git = await startGitServer(join(work.folder, 'repositories'));
  });

  afterAll(async () => {
    await git.stop();
    work.remove();
  });

  async function refused(...args: string[]): Promise<string> {
    const refusal = refusalOf(await work.img(['build', ...args]));
    expect(refusal).toMatchObject({ code: 1, stack: [] });
    return refusal.cause ?? '';
  }

  test('a repository is a context: its branch, tag, commit and folder', async () => {
    const first = git.commit('app', {
      Dockerfile: 'FROM scratch\nCOPY file /file\n',
      file: 'one',
      '.dockerignore': 'file\n',
      'sub/Containerfile': 'FROM scratch\nCOPY inner /inner\n',
      'sub/inner': 'inner',
      'other.docker': 'FROM scratch\nCOPY file /other\n',
    });
    git.git('app', 'tag', 'v1');
    git.commit('app', { file: 'two' });
    const url = `${git.url}/app`;
    const build = async (name: string, ...args: string[]): Promise<void> =>
      void (await work.ok(['build', '-t', name, ...args]));

    await build('head', url);
    // Ignore files of a repository do not count.
    expect(fileOf(await work.image('head'), 'file')).toBe('644 0:0 two');
    await build('tag', `${url}#v1`);
    expect(textOf(await work.image('tag'), 'file')).toBe('one');
    await build('commit', `${url}?ref=main&checksum=${git.git('app', 'rev-parse', 'HEAD')}`);
    expect(textOf(await work.image('commit'), 'file')).toBe('two');
    await build('short', `${url}#${first.slice(0, 9)}`);
    expect(textOf(await work.image('short'), 'file')).toBe('one');
    await build('folder', `${url}#main:sub`);
    expect(textOf(await work.image('folder'), 'inner')).toBe('inner');
    await build('named', '-f', 'other.docker', url);
    expect(textOf(await work.image('named'), 'other')).toBe('two');
    const local = join(work.context({ D: 'FROM scratch\nCOPY file /local\n' }), 'D');
    await build('local', '-f', local, url);
    expect(textOf(await work.image('local'), 'local')).toBe('two');

    const again = await work.ok(['build', '--no-console', '-t', 'again', `${url}#v1`]);
    expect(again.stderr).toMatch(/load git source [^\n]*#v1\n#\d+ CACHED/);
    expect(await refused(`${url}#v1?x`)).toContain('is not a valid ref');
    expect(await refused(`${url}#nosuch`)).toContain('does not contain ref nosuch');
    expect(await refused('-f', 'nosuch', url)).toContain('open nosuch: no such file or directory');
    expect(await refused(`${url}?checksum=0000000&ref=main`)).toContain('expected checksum to match 0000000');
  });

  test('ADD takes repositories with submodules, and git with them when asked', async () => {
    const inner = git.commit('library', { lib: 'library' });
    git.commit('project', { main: 'main' });
    git.git('project', 'config', '-f', '.gitmodules', 'submodule.lib.path', 'lib');
    git.git('project', 'config', '-f', '.gitmodules', 'submodule.lib.url', '../library');
    git.git('project', 'update-index', '--add', '--cacheinfo', `160000,${inner},lib`);
    git.git('project', 'add', '.gitmodules');
    git.git('project', 'commit', '--quiet', '-m', 'submodule');
    const url = `${git.url}/project`;
    const image = await work.build({
      Dockerfile: `FROM scratch
ADD ${url} /plain/
ADD --keep-git-dir=true ${url}#main /kept/
ADD ${url}?submodules=false /alone/
ADD --checksum=${git.git('project', 'rev-parse', 'HEAD')} ${url}?subdir=lib /sub/
`,
    });
    expect(fileOf(image, 'plain/lib/lib')).toBe('644 0:0 library');
    expect([image.files.has('plain/.git'), image.files.has('kept/.git/HEAD')]).toEqual([false, true]);
    expect(image.files.has('alone/lib/lib')).toBe(false);
    expect(textOf(image, 'sub/lib')).toBe('library');
  });

  test('what was fetched is kept until it is pruned', async () => {
    git.commit('kept', { Dockerfile: 'FROM scratch\nCOPY f /f\n', f: 'kept' });
    await work.ok(['build', '-t', 'kept', `${git.url}/kept`]);
    const kept = join(work.state, 'sources');
    expect(readdirSync(join(kept, 'git/repositories')).length).toBeGreaterThan(0);
    expect(readdirSync(join(kept, 'trees'))).toEqual([]);
    // What a build that was killed leaves, the next one removes.
    work.write({ 'state/sources/trees/killed/file': 'x' });
    await work.ok(['build', '-t', 'kept', `${git.url}/kept`]);
    expect(readdirSync(join(kept, 'trees'))).toEqual([]);
    await work.ok(['prune']);
    expect(existsSync(kept)).toBe(false);
  });
});
