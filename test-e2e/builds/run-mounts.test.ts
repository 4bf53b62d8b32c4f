// SPDX-License-Identifier: MIT

import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Image, textOf } from '../support/image.ts';
import { must, PROGRAM_PATH } from '../support/run.ts';
import { testRun } from '../support/test-run.ts';
import { goneProcesses } from '../support/traces.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { busybox, identities } = testRun();
const FROM = `FROM ${busybox}\n`;

describe.each(identities)('mounts of RUN as $kind', (identity) => {
  let work: Workspace;

  beforeAll(() => {
    work = openWorkspace(identity);
    work.write({ token: 'hush-hush\n', other: 'other-hush' });
  });

  afterAll(() => {
    work.remove();
  });

  /** Builds these instructions and returns what they wrote to /out. */
  async function built(lines: string, args: readonly string[] = [], files = {}): Promise<string | undefined> {
    return textOf(await builtImage(lines, args, files), 'out');
  }

  async function builtImage(lines: string, args: readonly string[] = [], files = {}): Promise<Image> {
    return await work.build({ Dockerfile: `${FROM}${lines}\n`, ...files }, args);
  }

  /** What a build that has to fail says. */
  async function refused(lines: string, args: readonly string[] = []): Promise<string> {
    const context = work.context({ Dockerfile: `${FROM}${lines}\n` });
    const { code, stderr } = await work.img(['build', '--no-console', ...args, context]);
    expect(code).toBe(1);
    return stderr;
  }

  /** Tells whether any file that the build left behind has these bytes. */
  async function isOnDisk(text: string): Promise<boolean> {
    const { stdout } = await must('sh', ['-c', `grep -rlaF '${text}' '${work.state}' 2>/dev/null || true`]);
    return stdout !== '';
  }

  describe('a secret', () => {
    const secret = (): readonly string[] => ['--secret', `id=token,src=${join(work.folder, 'token')}`];
    const other = (): readonly string[] => ['--secret', `id=other,src=${join(work.folder, 'other')}`];

    test('is a file where, for whom and as open as asked for, and leaves nothing', async () => {
      const image = await builtImage(
        `RUN --mount=type=secret,id=token cat /run/secrets/token >/dev/null && stat -c '%a %u:%g %n' /run/secrets/token >/out
RUN --mount=type=secret,id=token,target=/etc/key,mode=0440,uid=1000,gid=1001 stat -c '%a %u:%g' /etc/key >>/out; grep -c . /etc/key >>/out
RUN --mount=type=secret,id=token,target=/etc/key,uid=1000 echo x 2>/dev/null >/etc/key || echo denied >>/out
RUN --mount=type=secret,id=token,target=here,required=true cat /here | wc -c >>/out`,
        secret(),
      );

      expect(textOf(image, 'out')).toBe('400 0:0 /run/secrets/token\n440 1000:1001\n1\ndenied\n10\n');
      for (const path of ['run/secrets/token', 'run/secrets', 'etc/key', 'here'])
        expect(image.files.has(path)).toBe(false);
      expect(await isOnDisk('hush-hush')).toBe(false);
    });

    test('is a variable, alone or with the file, and stands in no log', async () => {
      const context = work.context({
        Dockerfile: `${FROM}RUN --mount=type=secret,id=other,env=OTHER test \${#OTHER} = 10 && test ! -e /run/secrets
RUN --mount=type=secret,id=word,env=WORD,target=/w test "$WORD" = "$(cat /w)" && test \${#WORD} = 7
`,
      });
      const { stderr, stdout } = await work.ok(
        ['build', '--no-console', ...other(), '--secret', 'id=word,env=SECRET_WORD', '-t', 'env:1', context],
        { env: { SECRET_WORD: 'fromenv' } },
      );
      expect(stdout + stderr).not.toMatch(/hush|fromenv/);
      const { config } = await work.image('env:1');
      expect(JSON.stringify(config)).not.toMatch(/hush|fromenv/);
    });

    test('may be missing unless it is required', async () => {
      expect(await built('RUN --mount=type=secret,id=none test ! -e /run/secrets && echo ok >/out')).toBe(
        'ok\n',
      );
      expect(await refused('RUN --mount=type=secret,id=none,required true')).toContain(
        'secret none: not found',
      );
    });

    test('that changes does not change the cache', async () => {
      const context = work.context({
        Dockerfile: `${FROM}RUN --mount=type=secret,id=token wc -c </run/secrets/token >/out\n`,
      });
      await work.ok(['build', '-t', 'cached:1', ...secret(), context]);
      const other = ['--secret', `id=token,src=${join(work.folder, 'other')}`];
      await work.ok(['build', '-t', 'cached:2', ...other, context]);
      expect((await work.image('cached:2')).digest).toBe((await work.image('cached:1')).digest);
    });

    test('goes with a build that is killed', async () => {
      work.write({ fatal: 'killed-with-me' });
      const context = work.context({
        Dockerfile: `${FROM}RUN --mount=type=secret,id=fatal cat /run/secrets/fatal >/dev/null; echo reading; sleep 60\n`,
      });
      const { child, result } = work.start([
        'build',
        '--no-console',
        '--secret',
        `id=fatal,src=${join(work.folder, 'fatal')}`,
        context,
      ]);
      let text = '';
      child.stderr?.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (/^#\d+ [\d.]+ reading/m.test(text)) child.kill('SIGKILL');
      });
      expect(await result).toMatchObject({ signal: 'SIGKILL' });
      await goneProcesses(work.state);
      expect(await isOnDisk('killed-with-me')).toBe(false);
    });
  });

  describe('an SSH agent', () => {
    let agent: ChildProcess;
    let socket: string;
    let programs: string;

    beforeAll(async () => {
      const key = join(work.folder, 'key');
      await must('ssh-keygen', ['-q', '-N', '', '-C', 'mine', '-t', 'ed25519', '-f', key]);
      for (const path of [key, `${key}.pub`]) chownSync(path, identity.uid, identity.gid);
      socket = join(work.folder, 'agent');
      agent = spawn('ssh-agent', ['-D', '-a', socket], {
        stdio: ['ignore', 'pipe', 'ignore'],
        env: { PATH: PROGRAM_PATH, HOME: work.home },
        ...(process.getuid?.() === 0 ? { uid: identity.uid, gid: identity.gid } : {}),
      });
      // It says where it listens once it does.
      await new Promise((resolve) => agent.stdout?.once('data', resolve));
      await must('ssh-add', ['-q', key], { as: identity, env: { SSH_AUTH_SOCK: socket } });
      programs = work.context({});
      await must('sh', [
        '-euc',
        'for file in /usr/bin/ssh-add $(ldd /usr/bin/ssh-add | grep -o "/[^ ]*"); do mkdir -p "$1${file%/*}"; cp -L "$file" "$1$file"; done; chown -R "$2" "$1"',
        'sh',
        programs,
        `${identity.uid}:${identity.gid}`,
      ]);
    });

    afterAll(async () => {
      const gone = new Promise((resolve) => agent.once('close', resolve));
      agent.kill('SIGTERM');
      await gone;
    });

    async function listed(
      mount: string,
      args: readonly string[],
      user = 'root',
    ): Promise<string | undefined> {
      work.write({
        [`${programs.slice(work.folder.length + 1)}/Dockerfile`]: `${FROM}COPY . /
RUN touch /out && chmod 666 /out
USER ${user}
RUN --mount=type=ssh${mount} /usr/bin/ssh-add -l >/out 2>&1; stat -c '%F %a %u' $SSH_AUTH_SOCK >>/out; /usr/bin/ssh-add -D >/dev/null 2>&1 || echo kept >>/out
`,
      });
      await work.ok(['build', '--no-cache', '-t', 'ssh:1', ...args, programs], {
        env: { SSH_AUTH_SOCK: socket },
      });
      const image = await work.image('ssh:1');
      expect(image.files.has('run/buildkit')).toBe(false);
      return textOf(image, 'out');
    }

    test('answers root and others, at a socket of their own, and cannot be changed', async () => {
      expect(await listed('', ['--ssh', 'default'])).toMatch(/ mine \(ED25519\)\nsocket 600 0\nkept\n$/);
      expect(await listed(',uid=1000,mode=0700', ['--ssh', `default=${socket}`], 'app')).toMatch(
        / mine \(ED25519\)\nsocket 700 1000\nkept\n$/,
      );
    });

    test('can be made of key files', async () => {
      const keys = ['--ssh', `deploy=${join(work.folder, 'key')}`];
      expect(await listed(',id=deploy,required=true', keys)).toMatch(/ mine \(ED25519\)\nsocket 600 0\n/);
    });

    test('may be missing unless it is required', async () => {
      expect(
        await built('RUN --mount=type=ssh echo "[$SSH_AUTH_SOCK]" >/out; ls /run >>/out || true'),
      ).toMatch(/^\[/);
      expect(await refused('RUN --mount=type=ssh,required ssh-add -l')).toContain(
        'no SSH key "default" forwarded from the client',
      );
    });
  });

  describe('a cache', () => {
    test('stays between builds, by its id, and out of images and keys', async () => {
      const add = 'RUN --mount=type=cache,id=words,target=/c echo x >>/c/log; wc -l </c/log >/out';
      expect(await built(`ENV N=1\n${add}`)).toBe('1\n');
      const image = await builtImage(`ENV N=2\n${add}`);
      expect(textOf(image, 'out')).toBe('2\n');
      expect(image.files.has('c')).toBe(false);
      expect(await built('RUN --mount=type=cache,id=empty,target=/c ls /c >/out')).toBe('');
      expect((await work.ok(['du'])).stdout).toContain('with id "words"');
    });

    test('is emptied by a build without cache, once', async () => {
      const lines = `RUN --mount=type=cache,id=fresh,target=/c echo x >>/c/log
RUN --mount=type=cache,id=fresh,target=/c echo x >>/c/log; wc -l </c/log >/out`;
      expect(await built(lines)).toBe('2\n');
      expect(await built(lines, ['--no-cache'])).toBe('2\n');
    });

    test('has owner, mode and content to start with', async () => {
      const image = await work.build({
        Dockerfile: `${FROM.trim()} AS seed
RUN mkdir -p /s/sub && echo seeded >/s/sub/file
${FROM}RUN --mount=type=cache,id=owned,target=/c,uid=1000,gid=1001,mode=0750 stat -c '%a %u:%g' /c >/out
RUN --mount=type=cache,id=seeded,target=/c,from=seed,source=/s/sub cat /c/file >>/out; echo more >>/c/file
RUN --mount=type=cache,id=seeded,target=/c,from=seed,source=/s/sub,ro cat /c/file >>/out; touch /c/x 2>/dev/null || echo read-only >>/out
`,
      });
      expect(textOf(image, 'out')).toBe('750 1000:1001\nseeded\nseeded\nmore\nread-only\n');
    });

    test('is kept from others when it is private or locked', async () => {
      const step = (sharing: string, name: string): string => `FROM ${busybox} AS ${name}
RUN --mount=type=cache,id=${sharing},target=/c,sharing=${sharing} set -C; echo mine >/c/held && sleep 0.3 && rm /c/held && echo alone >/alone
`;
      for (const sharing of ['locked', 'private']) {
        const image = await work.build({
          Dockerfile: `${step(sharing, 'one')}${step(sharing, 'two')}FROM scratch
COPY --from=one /alone /one
COPY --from=two /alone /two
`,
        });
        expect([textOf(image, 'one'), textOf(image, 'two')]).toEqual(['alone\n', 'alone\n']);
      }
    });
  });

  test('a folder in memory has the size that was asked for', async () => {
    expect(
      await built(
        `RUN --mount=type=tmpfs,target=/t,size=64k dd if=/dev/zero of=/t/big bs=1k count=128 2>/dev/null || wc -c </t/big >/out; touch /t/x; ls -d /t >>/out
RUN test ! -e /t`,
      ),
    ).toBe('65536\n/t\n');
  });

  test('a bound folder is read-only, or a copy that is thrown away', async () => {
    const files = { 'src/a': 'a', 'src/deep/b': 'b' };
    const lines = `RUN --mount=type=bind,source=src,target=/m cat /m/a /m/deep/b >/out; touch /m/x 2>/dev/null || echo read-only >>/out
RUN --mount=target=/m,source=src,rw echo changed >/m/a && cat /m/a >>/out
RUN --mount=target=/m,source=src/a cat /m >>/out
RUN --mount=target=/b,from=${busybox},source=/etc test -e /b/passwd && echo image >>/out`;
    expect(await built(lines, [], files)).toBe('abread-only\nchanged\naimage\n');
    expect(await refused('RUN --mount=target=/m,source=missing true')).toContain('"/missing": not found');
  });
});
