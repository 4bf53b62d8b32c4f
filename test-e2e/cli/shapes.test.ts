// SPDX-License-Identifier: MIT

import { lstatSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readOciArchive } from '../support/image.ts';
import { readTar } from '../support/tar.ts';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { busybox, identities } = testRun();

const SIZE = String.raw`\d+(\.\d+)?([KMG]i)?B`;
const DIGEST = 'sha256:[0-9a-f]{64}';
const AGE = '(Less than a second|About a minute|\\d+ seconds?|\\d+ minutes?) ago';

/** The columns of a table row, told apart by two blanks at least. */
function cells(line: string): readonly string[] {
  return line.trimEnd().split(/ {2,}/);
}

describe.each(identities)('output as $kind', (identity) => {
  let work: Workspace;

  beforeAll(async () => {
    work = openWorkspace(identity);
    const context = work.context({
      Dockerfile: `FROM ${busybox}\nRUN echo a command that is long enough to be cut where the seed cuts it >/long\nCOPY f /f\n`,
      f: 'f',
    });
    await work.ok(['build', '-t', 'jess/thing', context]);
  });

  afterAll(() => {
    work.remove();
  });

  test('build says what it does on stderr and nothing on stdout', async () => {
    const context = work.context({ Dockerfile: `FROM ${busybox}\nRUN echo visible output\n` });
    const { stdout, stderr } = await work.ok(['build', '--no-console', '-t', 'r.j3ss.co/img', context]);

    expect(stdout).toBe('');
    expect(stderr).toMatch(
      /^Building r\.j3ss\.co\/img:latest\nSetting up the rootfs\.\.\. this may take a bit\.\n/,
    );
    expect(stderr).toMatch(/^#\d+ \[\d\/\d\] RUN echo visible output$/m);
    expect(stderr).toMatch(/^#\d+ \d+\.\d{3} visible output$/m);
    expect(stderr).toMatch(new RegExp(`exporting manifest ${DIGEST}`));
    expect(stderr).toMatch(/^#\d+ naming to r\.j3ss\.co\/img:latest/m);
    expect(stderr).toMatch(/\nSuccessfully built r\.j3ss\.co\/img:latest\n$/);
    await work.ok(['rm', 'r.j3ss.co/img']);
  });

  test('ls is a table of images', async () => {
    const { stdout } = await work.ok(['ls']);
    const [header = '', row = '', ...rest] = stdout.split('\n');

    expect(cells(header)).toEqual(['NAME', 'SIZE', 'CREATED AT', 'UPDATED AT', 'DIGEST']);
    expect(row).toMatch(new RegExp(`^jess/thing:latest +${SIZE} +${AGE} +${AGE} +${DIGEST}$`));
    expect(rest).toEqual(['']);
    const starts = ['SIZE', 'CREATED AT', 'UPDATED AT', 'DIGEST'].map((name) => header.indexOf(name));
    for (const start of starts) {
      expect(start % 8).toBe(0);
      expect(row.slice(start - 1, start + 1)).toMatch(/^ \S$/);
    }
  });

  test('tag says what it did, and ls filters', async () => {
    const tagged = await work.ok(['tag', 'jess/thing', 'jess/otherthing']);
    const filtered = await work.ok(['ls', '-f', 'name==jess/otherthing:latest']);

    expect(tagged.stdout).toBe('Successfully tagged jess/thing as jess/otherthing\n');
    expect(
      filtered.stdout
        .split('\n')
        .slice(1)
        .map((line) => cells(line)[0]),
    ).toEqual(['jess/otherthing:latest', '']);
  });

  test('inspect prints the config', async () => {
    const { stdout } = await work.ok(['inspect', 'jess/thing']);
    const image = await work.image('jess/thing');

    expect(JSON.parse(stdout)).toEqual(image.config);
  });

  test('du lists what the cache holds, and its sums', async () => {
    const { stdout } = await work.ok(['du']);
    const lines = stdout.trimEnd().split('\n');

    expect(cells(lines[0] ?? '')).toEqual(['ID', 'RECLAIMABLE', 'SIZE', 'DESCRIPTION']);
    expect(lines[0]?.indexOf('RECLAIMABLE')).toBe(lines[1]?.search(/(true|false) /));
    for (const row of lines.slice(1, -2))
      expect(row).toMatch(new RegExp(`^\\S+\\*? +(true|false) +${SIZE} +\\S.*$`));
    expect(stdout).toMatch(
      new RegExp(
        `^(${DIGEST}|\\S+) +\\S+ +\\S+ +pulled from ${busybox.replaceAll('.', '\\.').replace(/:1$/, '')}\\S*@${DIGEST}$`,
        'm',
      ),
    );
    expect(stdout).toMatch(
      / mount \/ from exec \/bin\/sh -c echo a command that is long enough to be cut where the seed cuts it >\/long$/m,
    );
    expect(stdout).toMatch(new RegExp(`\nReclaimable: +${SIZE}\nTotal: +${SIZE}\n$`));
  });

  test('save writes a docker archive, or an OCI one, to stdout or a file', async () => {
    const piped = await work.ok(['save', 'jess/thing', 'jess/otherthing']);
    const file = join(work.folder, 'saved.tar');
    const written = await work.ok(['save', '--format', 'oci', '-o', file, 'jess/thing']);

    const entries = new Map(readTar(piped.stdoutBytes).map(({ path, content }) => [path, content]));
    const [manifest] = JSON.parse(String(entries.get('manifest.json'))) as [
      { RepoTags: string[]; Config: string; Layers: string[] },
    ];
    expect(manifest.RepoTags.toSorted()).toEqual([
      'docker.io/jess/otherthing:latest',
      'docker.io/jess/thing:latest',
    ]);
    for (const path of [manifest.Config, ...manifest.Layers]) expect(entries.has(path)).toBe(true);
    expect(written.stdout).toBe('');
    expect(readOciArchive(readFileSync(file))).toHaveLength(1);
  });

  test('unpack makes a root file system, in rootfs unless told otherwise', async () => {
    const first = await work.ok(['unpack', 'jess/thing']);
    const other = await work.ok(['unpack', '-o', 'elsewhere', 'jess/thing']);
    const again = await work.img(['unpack', 'jess/thing']);

    expect(first.stdout).toBe(
      `Successfully unpacked rootfs for jess/thing to: ${join(work.folder, 'rootfs')}\n`,
    );
    expect(other.stdout).toBe(
      `Successfully unpacked rootfs for jess/thing to: ${join(work.folder, 'elsewhere')}\n`,
    );
    expect(readFileSync(join(work.folder, 'rootfs/f'), 'utf8')).toBe('f');
    expect(lstatSync(join(work.folder, 'rootfs/bin/sh')).isSymbolicLink()).toBe(true);
    expect(statSync(join(work.folder, 'elsewhere/bin/busybox')).mode & 0o7777).toBe(0o755);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain(`unpack directory ${join(work.folder, 'rootfs')} already exists`);
  });

  test('pull says what it got', async () => {
    const { stdout } = await work.ok(['pull', busybox]);

    expect(stdout).toMatch(
      new RegExp(`^Pulling ${busybox}\\.\\.\\.\nSnapshot ref: ${DIGEST}\nSize: ${SIZE}\n$`),
    );
  });

  test('push says what it does', async () => {
    const name = busybox.replace('base/busybox', `shapes/${identity.kind}`);
    await work.ok(['tag', 'jess/thing', name]);

    expect((await work.ok(['push', name])).stdout).toBe(`Pushing ${name}...\nSuccessfully pushed ${name}\n`);
  });

  test('version shows the program and its runtime', async () => {
    const { stdout } = await work.ok(['version']);

    expect(stdout).toMatch(/^img:\n version +: \d+\.\d+\.\d+\n/);
    expect(stdout).toMatch(/^(runc|crun) version /m);
    expect((await work.raw(['--version'])).stdout).toBe(`img version ${/: (\S+)/.exec(stdout)?.[1]}\n`);
    expect((await work.raw(['-v'])).stdout).toMatch(/^img version /);
  });

  test('rm removes names, and refuses what is not there', async () => {
    const removed = await work.ok(['rm', 'jess/thing', 'jess/otherthing']);
    const missing = await work.img(['rm', 'jess/thing']);

    expect(removed.stdout).toBe(
      'Removing jess/thing...\nSuccessfully removed jess/thing\nRemoving jess/otherthing...\nSuccessfully removed jess/otherthing\n',
    );
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(/^Error: image "jess\/thing" not found\n/);
    expect((await work.ok(['ls'])).stdout).not.toContain('jess/thing');
  });

  test('prune empties the cache and says what went, with long descriptions cut', async () => {
    await work.ok(['rm', busybox, busybox.replace('base/busybox', `shapes/${identity.kind}`)]);
    const before = (await work.ok(['du'])).stdout;
    const { stdout } = await work.ok(['prune']);
    const lines = stdout.trimEnd().split('\n');

    expect(cells(lines[0] ?? '')).toEqual(['ID', 'RECLAIMABLE', 'SIZE', 'DESCRIPTION']);
    expect(stdout).toContain(' mount / from exec /bin/sh -c echo a command that i...\n');
    expect(stdout).toMatch(new RegExp(`\nReclaimed: +${SIZE}\nTotal: +${SIZE}\n$`));
    expect(before).toMatch(/^Reclaimable: +[1-9]/m);
    expect((await work.ok(['du'])).stdout).toMatch(/^Reclaimable: +0B\n/m);
  });
});
