// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createMachines, INSTALL } from '../support/machines.ts';
import { must } from '../support/run.ts';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { busybox, identities, registry } = testRun();
const FROM = `FROM ${busybox}\n`;

describe.each(identities)('cache mounts that travel as $kind', (identity) => {
  let work: Workspace;
  const { fresh: machine, build } = createMachines(() => work);

  beforeAll(() => {
    work = openWorkspace(identity);
  });

  afterAll(() => {
    work.remove();
  });

  const place = (name: string): string => `${registry}/mounts/${identity.kind}:${name}`;

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
});
