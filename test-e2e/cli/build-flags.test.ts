// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { chownSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { textOf } from '../support/image.ts';
import { refusalOf } from '../support/refusal.ts';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { busybox, identities, registry } = testRun();

describe.each(identities)('flags of a build as $kind', (identity) => {
  let work: Workspace;

  beforeAll(() => {
    work = openWorkspace(identity);
  });

  afterAll(() => {
    work.remove();
  });

  /** What a RUN of this script printed into the image. */
  async function printed(
    script: string,
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): Promise<string> {
    const Dockerfile = `FROM ${busybox}\nRUN { ${script}; } >/printed 2>&1\n`;
    return textOf(await work.build({ Dockerfile }, args, { env }), 'printed') ?? '';
  }

  test('--add-host adds lines to /etc/hosts, for RUN alone', async () => {
    const hosts = await printed('cat /etc/hosts', [
      ...['--add-host', 'db:10.0.0.7', '--add-host=six=[fd00::1]', '--add-host', 'outside:host-gateway'],
    ]);
    expect(hosts).toMatch(/^10\.0\.0\.7\s+db$/m);
    expect(hosts).toMatch(/^fd00::1\s+six$/m);
    expect(hosts).toMatch(/^127\.0\.0\.1\s+outside$/m);
  });

  test('--network none leaves nothing but loopback', async () => {
    const script = 'tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d " " | sort | tr "\\n" " "';
    expect(await printed(script, ['--network', 'none'])).toBe('lo ');
    expect(await printed(`: other; ${script}`, ['--network=host'])).toContain('lo ');
  });

  test('--ulimit and --shm-size are what the step sees', async () => {
    const limits = await printed('ulimit -Sn; ulimit -Hn; df -k /dev/shm | tail -1', [
      ...['--ulimit', 'nofile=123:456', '--shm-size', '8m'],
    ]);
    const [soft, hard, shm = ''] = limits.split('\n');
    expect([soft, hard]).toEqual(['123', '456']);
    expect(shm.split(/\s+/)[1]).toBe('8192');
  });

  test('--opt sets what has no flag, and a name nobody knows is an error', async () => {
    expect(await printed('hostname', ['--opt', 'hostname=builder-7'])).toBe('builder-7\n');
    const context = work.context({ Dockerfile: 'FROM scratch\nCOPY Dockerfile /\n' });
    expect(refusalOf(await work.img(['build', '--opt', 'hostnam=x', context]))).toMatchObject({
      code: 1,
      cause: 'failed to solve: unknown frontend attribute "hostnam" (did you mean hostname?)',
      stack: [],
    });
  });

  test('--opt means what the flag of the same purpose means', async () => {
    const image = await work.build(
      { Dockerfile: `FROM ${busybox} AS a\nARG V\nRUN echo $V >/v\nFROM ${busybox}\n` },
      ['--opt', 'build-arg:V=7', '--opt', 'label:l=x', '--opt', 'target=a'],
    );
    expect(textOf(image, 'v')).toBe('7\n');
    expect(image.config.config['Labels']).toEqual({ l: 'x' });
  });

  test('--secret gives files and variables to steps, and leaves nothing of them', async () => {
    work.write({ 'secret file': 'from a file' });
    const image = await work.build(
      {
        Dockerfile: `FROM ${busybox}
RUN --mount=type=secret,id=f --mount=type=secret,id=v,env=V cp /run/secrets/f /copied; echo $V | rev >/reversed
RUN --mount=type=secret,id=none ls -A /run/secrets 2>/dev/null | wc -l >/count
`,
      },
      ['--secret', `id=f,src=${join(work.folder, 'secret file')}`, '--secret', 'id=v,env=TOKEN'],
      { env: { TOKEN: 'abc' } },
    );
    expect(textOf(image, 'copied')).toBe('from a file');
    expect(textOf(image, 'reversed')).toBe('cba\n');
    expect(textOf(image, 'count')).toBe('0\n');
    expect([...image.files.keys()].filter((path) => path.startsWith('run/'))).toEqual([]);
    expect(JSON.stringify(image.config)).not.toContain('abc');
  });

  test('a secret that a step requires has to be given', async () => {
    const context = work.context({
      Dockerfile: `FROM ${busybox}\nRUN --mount=type=secret,id=token,required true\n`,
    });
    const result = await work.img(['build', context]);
    expect(refusalOf(result)).toMatchObject({
      code: 1,
      cause: 'failed to solve: secret token: not found',
      hint: 'give it to the build: --secret id=token,src=FILE or --secret id=token,env=VARIABLE',
    });
    expect(result.stderr).toMatch(/^ {3}2 \| >>> RUN --mount=type=secret,id=token,required true$/m);
  });

  test('--ssh gives a step an agent that signs with keys of files', async () => {
    const key = join(work.folder, 'key');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    chownSync(key, identity.uid, identity.gid);
    const Dockerfile = `FROM ${busybox}\nRUN --mount=type=ssh test -S "$SSH_AUTH_SOCK" && echo "$SSH_AUTH_SOCK" >/socket\nRUN --mount=type=ssh,id=other ls /run/buildkit/ 2>/dev/null | wc -l >/other\n`;
    const image = await work.build({ Dockerfile }, ['--ssh', `default=${key}`]);
    expect(textOf(image, 'socket')).toBe('/run/buildkit/ssh_agent.0\n');
    expect(textOf(image, 'other')).toBe('0\n');
    expect([...image.files.keys()].filter((path) => path.startsWith('run/'))).toEqual([]);

    const context = work.context({ Dockerfile: `FROM ${busybox}\nRUN --mount=type=ssh,required true\n` });
    expect(refusalOf(await work.img(['build', context]))).toMatchObject({ code: 1, stack: [] });
    expect(refusalOf(await work.img(['build', '--ssh', 'default', context])).cause).toContain(
      'SSH_AUTH_SOCK is not set',
    );
  });

  test('--build-context names folders and images', async () => {
    const other = work.context({ f: 'from the other folder' });
    const image = await work.build(
      { Dockerfile: 'FROM base\nCOPY --from=other f /f\n', f: 'from the main context' },
      ['--build-context', `other=${other}`, '--build-context', `base=docker-image://${busybox}`],
    );
    expect(textOf(image, 'f')).toBe('from the other folder');
    expect(image.files.has('bin/busybox')).toBe(true);
  });

  test('--no-cache-filter runs the steps of some stages again', async () => {
    const Dockerfile = `FROM ${busybox} AS a\nRUN echo a; : ${identity.kind}\nFROM a AS b\nRUN echo b; : ${identity.kind}\n`;
    const context = work.context({ Dockerfile });
    const cached = async (...args: readonly string[]): Promise<readonly string[]> => {
      const { stderr } = await work.ok(['build', ...args, context]);
      const names = new Map(
        [...stderr.matchAll(/^#(\d+) \[([ab]) \d\/\d\] RUN/gm)].map(([, number, stage]) => [number, stage]),
      );
      return [...stderr.matchAll(/^#(\d+) CACHED$/gm)]
        .flatMap(([, number]) => names.get(number ?? '') ?? [])
        .toSorted();
    };
    expect(await cached()).toEqual([]);
    expect(await cached()).toEqual(['a', 'b']);
    expect(await cached('--no-cache-filter', 'b')).toEqual(['a']);
    expect(await cached('--no-cache-filter=a,b')).toEqual([]);
    expect(await cached('--no-cache')).toEqual([]);
  });

  test('--pull takes no image that only this machine has', async () => {
    const name = `${registry}/never/pushed-${identity.kind}:1`;
    await work.ok(['build', '-t', name, work.context({ Dockerfile: `FROM ${busybox}\n` })]);
    const context = work.context({ Dockerfile: `FROM ${name}\nRUN true\n` });
    await work.ok(['build', context]);
    const { code, cause } = refusalOf(await work.img(['build', '--pull', context]));
    expect(code).toBe(1);
    expect(cause).toContain(`${name}`);
  });

  test('--allow and --network host are asked for before anything runs', async () => {
    const context = work.context({
      Dockerfile: `FROM ${busybox}\nRUN echo first\nRUN --network=host true\nRUN --security=insecure true\n`,
    });
    const refused = await work.img(['build', context]);
    expect(refusalOf(refused)).toMatchObject({ code: 1, stack: [] });
    expect(refused.stderr).toMatch(/network\.host is not allowed|security\.insecure is not allowed/);
    expect(refused.stderr).not.toMatch(/^#\d+ [\d.]+ first$/m);
    await work.ok(['build', '--allow', 'network.host', '--allow=security.insecure', context]);
  });

  test('flags of docker that change nothing here are said to be ignored', async () => {
    const context = work.context({ Dockerfile: 'FROM scratch\nCOPY Dockerfile /\n' });
    const { stderr } = await work.ok([
      'build',
      '--rm',
      '--force-rm=false',
      '--compress',
      '-m',
      '1g',
      '--cpu-shares=2',
      context,
    ]);
    expect(stderr.match(/^WARNING: --\S+/gm)?.toSorted()).toEqual([
      'WARNING: --compress',
      'WARNING: --cpu-shares',
      'WARNING: --memory',
      'WARNING: --rm',
    ]);
  });

  test.each([
    [['--secret', 'src=x'], 'invalid secret "src=x": it has no id'],
    [['--ulimit', 'nofil=1'], 'invalid ulimit type: nofil (did you mean nofile?)'],
    [['--allow', 'network'], 'unknown entitlement "network"'],
    [['--network', 'bridge'], 'network mode "bridge" is not supported'],
    [['--add-host', 'db'], 'bad format for add-host: "db"'],
    [['--shm-size', 'much'], 'invalid size: "much"'],
    [['--call', 'outlin'], 'unknown --call method "outlin" (did you mean outline?)'],
    [['--progress', 'fancy'], 'invalid progress mode "fancy" of --progress'],
    [['--progress', 'tty'], '--progress tty needs a terminal, and stderr is none'],
    [['--annotation', 'indx:a=b'], 'unknown annotation type "indx" (did you mean index?)'],
    [['--build-context', 'x'], 'invalid context value "x": expected key=value'],
    [['-o', 'type=image,psh=true'], 'output type=image has no attribute "psh" (did you mean push?)'],
    [['--push'], 'tag is needed when pushing to registry'],
    [['--pusch'], 'unknown flag: --pusch (did you mean --push?)'],
  ])('%j is refused in one line that names the cause', async (args, cause) => {
    const context = work.context({ Dockerfile: 'FROM scratch\nCOPY Dockerfile /\n' });
    const refusal = refusalOf(await work.img(['build', ...args, context]));
    expect(refusal).toMatchObject({ code: 1, stack: [] });
    expect(refusal.cause?.replace('failed to solve: ', '')).toBe(cause);
  });
});
