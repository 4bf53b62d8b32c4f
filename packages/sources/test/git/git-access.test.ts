// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { SecretSource } from '@img-build/interfaces';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { folderWith, removeFolders } from '../folder.ts';
import { open, source } from './opened.ts';
import { addSubmodule, repositoryWith } from './repository.ts';
import { type LoopbackServer, startFileHttp, startSmartHttp } from './servers.ts';

const servers: LoopbackServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
afterAll(removeFolders);

function secrets(values: Readonly<Record<string, string>>): SecretSource {
  return {
    secret: async (id) => (values[id] === undefined ? undefined : Buffer.from(values[id])),
    agent: async () => undefined,
  };
}

describe('http', () => {
  test('tokens and headers of secrets reach the server, in no argument and only for what was named', async () => {
    const inner = repositoryWith({ 'inner.txt': 'i' });
    const repository = repositoryWith({ a: 'x' });
    const seen: string[] = [];
    const other = await startSmartHttp(dirname(inner.folder), (request) => {
      seen.push(`other ${request.headers.authorization}`);
      return false;
    });
    const server = await startSmartHttp(dirname(repository.folder), (request, response) => {
      seen.push(`server ${request.headers.authorization}`);
      if (request.headers.authorization !== undefined) return false;
      response.writeHead(401, { 'www-authenticate': 'Basic realm=x' }).end();
      return true;
    });
    servers.push(server, other);
    addSubmodule(
      repository,
      'inner',
      `http://127.0.0.1:${other.port}/${basename(inner.folder)}`,
      inner.run('rev-parse', 'HEAD'),
    );
    const url = `http://127.0.0.1:${server.port}/${basename(repository.folder)}`;
    const attrs = { 'git.authtokensecret': 'GIT_AUTH_TOKEN', 'git.authheadersecret': 'GIT_AUTH_HEADER' };

    await expect(open(source(), url, '', attrs)).rejects.toMatchObject({
      code: 'SOURCE_GIT_FAILED',
      hint: expect.stringContaining('GIT_AUTH_TOKEN'),
    });
    seen.length = 0;
    const token = source({ secrets: secrets({ GIT_AUTH_TOKEN: 'geheim\n' }) });
    expect((await open(token, url, '', attrs)).files).toEqual(['.gitmodules', 'a', 'inner']);
    const basic = `basic ${Buffer.from('x-access-token:geheim').toString('base64')}`;
    expect([...new Set(seen)].sort()).toEqual(['other undefined', `server ${basic}`]);
    seen.length = 0;
    const host = `127.0.0.1:${server.port}`;
    const header = source({
      secrets: secrets({ GIT_AUTH_TOKEN: 'no', [`GIT_AUTH_HEADER.${host}`]: 'Bearer h' }),
    });
    await open(header, url, '', attrs);
    expect(seen).toContain('server Bearer h');
    seen.length = 0;
    await open(source(), url.replace('//', '//me:pw@'), '', attrs);
    expect(seen).toContain(`server basic ${Buffer.from('me:pw').toString('base64')}`);
  });

  test('servers that know nothing of git work as well', async () => {
    const repository = repositoryWith({ a: 'x' });
    repository.run('update-server-info');
    const server = await startFileHttp(repository.folder);
    servers.push(server);
    const got = await open(source(), `http://127.0.0.1:${server.port}/.git`);
    expect(got).toMatchObject({ key: repository.run('rev-parse', 'HEAD'), files: ['a'] });
  });
});

describe('ssh', () => {
  /** Stands for ssh: writes down how it was called and runs the command here. */
  function fakeSsh(): { env: Record<string, string | undefined>; calls: () => string; home: string } {
    const bin = folderWith({ log: '' });
    const log = join(bin, 'log');
    const script = `#!/bin/sh
echo "$SSH_AUTH_SOCK $*" >>${log}
while [ $# -gt 1 ]; do case $1 in -i) cat "$2" >>${log} ;; esac; shift; done
exec sh -c "$1"
`;
    writeFileSync(join(bin, 'ssh'), script, { mode: 0o755 });
    const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}`, SSH_AUTH_SOCK: '/the/users' };
    return { env, calls: () => readFileSync(log, 'utf8'), home: folderWith({}) };
  }

  test('uses the agent of the build, or its keys, and nothing else of the user', async () => {
    const repository = repositoryWith({ a: 'x' });
    const url = `git@localhost:${repository.folder}`;
    const { env, calls, home } = fakeSsh();
    const attrs = { 'git.mountsshsock': 'default' };
    const secret = async (): Promise<undefined> => undefined;
    const agent: SecretSource = { secret, agent: async () => ({ type: 'socket', path: '/given' }) };
    expect((await open(source({ env, folder: home, secrets: agent }), url, '', attrs)).files).toEqual(['a']);
    expect(calls()).toMatch(/^\/given -F none .*-o IdentityFile=none.* git@localhost git-upload-pack/);
    expect(calls()).toContain(`UserKnownHostsFile="${home}/known_hosts" "~/.ssh/known_hosts"`);
    expect(calls()).toContain('StrictHostKeyChecking=accept-new');

    const other = fakeSsh();
    const keys: SecretSource = {
      secret,
      agent: async () => ({ type: 'keys', keys: [Buffer.from('PRIVATE KEY\n')] }),
    };
    const known = { ...attrs, 'git.knownsshhosts': 'localhost ssh-ed25519 AAAA' };
    await open(source({ env: other.env, folder: other.home, secrets: keys }), url, '', known);
    expect(other.calls()).toMatch(/^ -F none .*IdentityAgent=none -o IdentitiesOnly=yes/);
    expect(other.calls()).toContain('PRIVATE KEY');
    expect(other.calls()).toContain('StrictHostKeyChecking=yes');
    expect(readdirSync(other.home)).toEqual(['repositories']);
  });
});
