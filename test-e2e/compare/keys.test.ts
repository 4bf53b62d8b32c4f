// SPDX-License-Identifier: MIT
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startGitServer } from '../support/git-server.ts';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';
import { copyKeys } from './corpus/copy-keys.ts';
import { content } from './corpus/key-actions.ts';
import { runKeys } from './corpus/run-keys.ts';
import { checkKeys } from './key-check.ts';
import { fileRecord, gitRecord, httpRecord, selector } from './key-formulas.ts';
import { sha256 } from './stored-keys.ts';

const { identities } = testRun();
let work: Workspace;

beforeAll(() => {
  const identity = identities.at(-1);
  if (identity === undefined) throw new Error('there is no user to build as');
  work = openWorkspace(identity);
});

afterAll(() => work.remove());

/** The action of an ADD of what is no part of the context. */
const add = (src: string, dest: string): Readonly<Record<string, unknown>> => ({
  src,
  dest,
  mode: -1,
  createDestPath: true,
  timestamp: -1,
});

describe('the keys of a build are those of the formulas', () => {
  test.each([...runKeys, ...copyKeys])('$name', async (given) => {
    expect.hasAssertions();
    await checkKeys(work, given);
  });

  test('ADD of a file from the net: by its name, bytes and time', async () => {
    expect.hasAssertions();
    const time = 'Thu, 02 Jan 2020 03:04:05 GMT';
    const server = createServer((_, response) => response.setHeader('last-modified', time).end('bytes'));
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(0, '127.0.0.1', resolve);
    await promise;
    const { port } = server.address() as AddressInfo;
    try {
      await checkKeys(work, {
        name: 'http',
        dockerfile: `FROM BASE\nADD http://127.0.0.1:${port}/some/file.txt /f\n`,
        keys({ base, step }) {
          const facts = { Filename: 'file.txt', Perm: 0, UID: 0, GID: 0, Checksum: sha256('bytes') };
          const file = step(httpRecord({ ...facts, LastModTime: time }));
          step(fileRecord([add('file.txt', '/f')]), base, [
            [file, selector('/file.txt')],
            content({ mode: 0o600, data: 'bytes' }),
          ]);
        },
      });
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  test('ADD of a git repository: by its commit', async () => {
    expect.hasAssertions();
    const git = await startGitServer(join(work.folder, 'repositories'));
    try {
      const commit = git.commit('app.git', { 'a.txt': 'a\n' });
      await checkKeys(work, {
        name: 'git',
        dockerfile: `FROM BASE\nADD ${git.url}/app.git#main /src\n`,
        keys({ base, step }) {
          const source = step(gitRecord(commit));
          const tree = { mode: 0o755, children: { 'a.txt': { mode: 0o644, data: 'a\n' } } };
          step(fileRecord([add('/', '/src')]), base, [[source, selector('/')], content(tree)]);
        },
      });
    } finally {
      await git.stop();
    }
  });
});
