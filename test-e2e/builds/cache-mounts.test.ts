// SPDX-License-Identifier: MIT
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { must } from '../support/run.ts';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { busybox, identities, registry } = testRun();
const FROM = `FROM ${busybox}\n`;

/** As a package manager does it: what is in the cache is not fetched. */
const INSTALL = `RUN --mount=type=cache,target=/root/.npm,sharing=locked \\
  if [ -e /root/.npm/_cacache/left-pad ]; then echo from cache >/out; \\
  else mkdir /root/.npm/_cacache && echo 1.3.0 >/root/.npm/_cacache/left-pad && echo fetched >/out; fi
`;

interface ListedMount {
  readonly ID: string;
  readonly Mount: string;
  readonly Seeded: boolean;
  readonly Size: number;
  readonly InUse: boolean;
}

describe.each(identities)('cache mounts that travel as $kind', (identity) => {
  let work: Workspace;
  let count = 0;

  beforeAll(() => {
    work = openWorkspace(identity);
  });

  afterAll(() => {
    work.remove();
  });

  /** A machine is a state directory nobody used. */
  const machine = (): string => join(work.folder, `machine-${++count}`);
  const place = (name: string): string => `${registry}/mounts/${identity.kind}:${name}`;

  interface Built {
    /** What the build wrote to /out. */
    readonly out: string;
    readonly stderr: string;
  }

  async function build(state: string, lines: string, args: readonly string[] = []): Promise<Built> {
    const context = work.context({ Dockerfile: `${FROM}${lines}FROM scratch\nCOPY --from=0 /out /\n` });
    const output = join(work.folder, `out-${++count}`);
    const { stderr } = await work.ok(
      ['build', '--no-console', '-o', `type=local,dest=${output}`, ...args, context],
      { state },
    );
    return { out: readFileSync(join(output, 'out'), 'utf8'), stderr };
  }

  async function list(state: string): Promise<readonly ListedMount[]> {
    const { stdout } = await work.ok(['cache', 'mount', 'ls', '--format', 'json'], { state });
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as ListedMount);
  }

  const blobsIn = (folder: string): readonly string[] => readdirSync(join(folder, 'blobs/sha256'));

  test.each(['registry', 'folder'] as const)('through a %s, only when they changed', async (kind) => {
    const folder = join(work.folder, `saved-${kind}`);
    const [from, to] =
      kind === 'folder'
        ? [`type=local,src=${folder}`, `type=local,dest=${folder}`]
        : [place('npm'), `type=registry,ref=${place('npm')}`];
    const flags = ['--cache-mount-from', from, '--cache-mount-to', to];
    const [first, second, third] = [machine(), machine(), machine()];

    const made = await build(first, INSTALL, flags);
    expect(made.out).toBe('fetched\n');
    expect(made.stderr).toMatch(/WARN: no cache mounts in .* yet/);
    expect(made.stderr).toContain('exporting 1 cache mount');

    const used = await build(second, INSTALL, flags);
    expect(used.out).toBe('from cache\n');
    expect(used.stderr).toContain('importing cache mount /root/.npm');
    expect(used.stderr).toContain('unchanged: 1 cache mount');

    // What is there is not fetched again.
    const again = await build(second, `${INSTALL}RUN true\n`, flags);
    expect(again.stderr).not.toContain('importing cache mount');

    // Others of the same place stay; what the build does not use is not fetched.
    const other = 'RUN --mount=type=cache,id=other,target=/c ls /root >/out; echo x >/c/x\n';
    const another = await build(third, other, flags);
    expect(another.stderr).not.toContain('importing cache mount');
    expect((await build(machine(), INSTALL, flags)).out).toBe('from cache\n');
  });

  test('keep owners, links, times and the owner of their own folder', async () => {
    const folder = join(work.folder, 'saved-attributes');
    const owned = '--mount=type=cache,id=owned,target=/cache,uid=1000,gid=1001,mode=0750';
    const look = `(stat -c '%n %a %u:%g %h %Y' /cache /cache/* && readlink /cache/soft) >/out`;
    const fill = `cd /cache && echo x >f && ln f hard && ln -s f soft && mkdir d && touch d/.wh.x
chown -h 1000:0 f soft && chmod 4755 f && touch -d @1234567890 d && mkfifo pipe`;
    const script = (what: string): string =>
      `RUN ${owned} <<EOF\nset -e\n${what}\n${look}\nls -A /cache/d >>/out\nEOF\n`;

    const before = await build(machine(), script(fill), ['--cache-mount-to', `type=local,dest=${folder}`]);
    const after = await build(machine(), script('true'), ['--cache-mount-from', `type=local,src=${folder}`]);
    expect(after.out).toBe(before.out);
    expect(after.out).toContain('/cache 750 1000:1001');
    expect(after.out).toContain('/cache/hard 4755 1000:0 2 ');
    expect(after.out).toContain('/cache/d 755 0:0 2 1234567890');
    expect(after.out).toContain('.wh.x');
  });

  test('of private mounts one comes along; ids choose', async () => {
    const folder = join(work.folder, 'saved-private');
    const lines = `RUN --mount=type=cache,id=one,target=/one,sharing=private --mount=type=cache,id=two,target=/two \\
  ls /one /two >/out; echo 1 >/one/first; echo 2 >/two/second
`;
    const to = ['--cache-mount-to', `type=local,dest=${folder},id=one,compression=gzip`];
    await build(machine(), lines, to);
    const { out } = await build(machine(), lines, ['--cache-mount-from', `type=local,src=${folder}`]);
    expect(out).toContain('first');
    expect(out).not.toContain('second');
  });

  test('are not saved when the build fails, nor looked for when nothing has to run', async () => {
    const folder = join(work.folder, 'saved-failed');
    const state = machine();
    const flags = ['--cache-mount-to', `type=local,dest=${folder}`];
    const context = work.context({
      Dockerfile: `${FROM}RUN --mount=type=cache,target=/c echo x >/c/x; false\n`,
    });
    const { code } = await work.img(['build', '--no-console', ...flags, context], { state });
    expect(code).toBe(1);
    expect(readdirSync(work.folder)).not.toContain('saved-failed');

    await build(state, INSTALL);
    const { stderr } = await build(state, INSTALL, ['--cache-mount-from', place('never')]);
    expect(stderr).not.toContain('looking for cache mounts');
    // Cached steps leave their mounts as they are, and these are saved all the same.
    await build(state, INSTALL, flags);
    expect(blobsIn(folder)).toHaveLength(3);
  });

  test('that are damaged or something else are a warning, and the build starts with an empty cache', async () => {
    const folder = join(work.folder, 'saved-damaged');
    await build(machine(), INSTALL, ['--cache-mount-to', `type=local,dest=${folder}`]);
    for (const name of blobsIn(folder)) {
      const path = join(folder, 'blobs/sha256', name);
      const bytes = readFileSync(path);
      if (bytes[0] === '{'.charCodeAt(0)) continue;
      bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20);
      // Blobs are read-only.
      await must('chmod', ['u+w', path]);
      writeFileSync(path, bytes);
    }
    const damaged = await build(machine(), INSTALL, ['--cache-mount-from', `type=local,src=${folder}`]);
    expect(damaged.out).toBe('fetched\n');
    expect(damaged.stderr).toMatch(/WARN: cache mount \/root\/\.npm is not imported: /);

    const image = await build(machine(), INSTALL, ['--cache-mount-from', busybox]);
    expect(image.out).toBe('fetched\n');
    expect(image.stderr).toContain('holds no cache mounts: it is something else');
  });

  test('are listed, exported, imported and removed by hand', async () => {
    const [first, second] = [machine(), machine()];
    await build(first, `${INSTALL}RUN --mount=type=cache,id=tool,target=/t,mode=0700 echo x >/t/x\n`);
    const mounts = await list(first);
    expect(mounts.map(({ Mount, Seeded, InUse }) => [Mount, Seeded, InUse])).toEqual([
      ['/root/.npm', false, false],
      ['tool', true, false],
    ]);
    expect(mounts.every(({ Size }) => Size > 0)).toBe(true);
    const table = await work.ok(['cache', 'mount', 'ls'], { state: first });
    expect(table.stdout).toMatch(/^ID +SIZE +IN USE +LAST USED +MOUNT\n[0-9a-f]{12} /);

    const tar = join(work.folder, 'mounts.tar');
    await work.ok(['cache', 'mount', 'export', '--all', '-o', tar], { state: first });
    const { stdoutBytes } = await work.ok(
      ['cache', 'mount', 'export', '/root/.npm', '-o', '-', '--compression', 'uncompressed'],
      { state: first },
    );
    expect((await must('tar', ['tf', tar])).stdout).toContain('index.json\noci-layout\n');

    await work.ok(['cache', 'mount', 'import', tar], { state: second });
    expect((await list(second)).map(({ Mount }) => Mount)).toEqual(['/root/.npm', 'tool']);
    const both = `${INSTALL}RUN --mount=type=cache,id=tool,target=/t,mode=0700 cat /t/x >>/out\n`;
    expect((await build(second, both)).out).toBe('from cache\nx\n');

    const ids = (await list(second)).map(({ ID }) => ID);
    expect((await work.ok(['cache', 'mount', 'rm', 'tool'], { state: second })).stdout).toBe(`${ids[1]}\n`);
    await work.ok(['cache', 'mount', 'rm', ids[0]?.slice(0, 8) ?? ''], { state: second });
    expect(await list(second)).toEqual([]);
    await work.ok(['cache', 'mount', 'import', '-'], { state: second, input: stdoutBytes });
    expect((await list(second)).map(({ Mount }) => Mount)).toEqual(['/root/.npm']);

    const wrong = await work.img(['cache', 'mount', 'rm', 'nobody'], { state: second });
    expect(wrong.stderr).toBe('Error: no cache mount "nobody" found\nsee \'img cache mount ls\'\n');
    const noTar = await work.img(['cache', 'mount', 'import', '-'], { state: second, input: 'no tar' });
    expect(noTar.code).toBe(1);
    expect(noTar.stderr).toContain('stdin is no archive of cache mounts');
  });

  test('lie where other tools can look at them', async () => {
    const state = machine();
    await build(state, INSTALL);
    const folder = join(work.folder, 'saved-look');
    await work.ok(['cache', 'mount', 'export', '--all', '-o', `type=local,dest=${folder},compression=gzip`], {
      state,
    });
    const { stdout } = await work.ok(
      ['cache', 'mount', 'export', '--all', '-o', `type=registry,ref=${place('look')},compression=gzip`],
      { state },
    );
    expect(stdout).toContain('Exported 1 cache mount to ');

    const name = `docker://${place('look')}`;
    const inspected = JSON.parse((await must('skopeo', ['inspect', '--tls-verify=false', name])).stdout) as {
      Layers: string[];
      Digest: string;
    };
    expect(stdout).toContain(inspected.Digest);
    const [layer = ''] = inspected.Layers;
    const blob = join(folder, 'blobs/sha256', layer.replace('sha256:', ''));
    expect((await must('tar', ['tzf', blob])).stdout).toBe('_cacache/\n_cacache/left-pad\n');
  });

  test('are neither removed nor exported while a build uses them', async () => {
    const state = machine();
    const context = work.context({
      Dockerfile: `${FROM}RUN --mount=type=cache,id=busy,target=/c <<EOF
echo half >/c/file
echo holding
while [ ! -e /c/go ]; do sleep 0.05; done
echo whole >/c/file
EOF
`,
    });
    const running = work.start(['build', '--no-console', context], { state });
    let printed = '';
    running.child.stderr?.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
    });
    while (!printed.includes('holding\n')) await once(running.child.stderr ?? running.child, 'data');

    expect((await list(state)).map(({ InUse }) => InUse)).toEqual([true]);
    const refused = await work.img(['cache', 'mount', 'rm', 'busy'], { state });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('in use by a running build');

    const tar = join(work.folder, 'busy.tar');
    const exporting = work.start(
      ['cache', 'mount', 'export', 'busy', '-o', tar, '--compression', 'uncompressed'],
      { state },
    );
    const go = `${FROM}RUN --mount=type=cache,id=busy,target=/c touch /c/go\n`;
    await work.ok(['build', '--no-console', work.context({ Dockerfile: go })], { state });
    expect((await running.result).code).toBe(0);
    expect((await exporting.result).code).toBe(0);
    expect(readFileSync(tar, 'latin1')).toContain('whole\n');
  });
});
