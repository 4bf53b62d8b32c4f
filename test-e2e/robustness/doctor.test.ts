// SPDX-License-Identifier: MIT
import { chmodSync, readdirSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { busybox, identities } = testRun();

interface Report {
  readonly code: number | null;
  readonly problems: readonly { severity: string; kind: string; subject: string; message: string }[];
}

describe.each(identities)('the doctor, as $kind', (identity) => {
  let work: Workspace;
  let context: string;

  beforeAll(async () => {
    work = openWorkspace(identity);
    context = work.context({ Dockerfile: `FROM ${busybox}\nRUN echo a >/a\nRUN echo b >/b\n` });
    await work.ok(['build', '-t', 'app:1', context]);
  });

  afterAll(() => {
    work.remove();
  });

  async function examine(): Promise<Report> {
    const { code, stdout } = await work.img(['doctor', '--store', '--format', 'json']);
    return { code, problems: (JSON.parse(stdout) as Report).problems };
  }

  function blobs(): readonly string[] {
    const folder = join(work.state, 'content/blobs/sha256');
    return readdirSync(folder).map((name) => join(folder, name));
  }

  test('finds a machine that builds to be one that can', async () => {
    const { stdout } = await work.ok(['doctor']);

    expect(stdout).toMatch(/^ok +worker: starts in its namespaces$/m);
    expect(stdout).toMatch(/^ok +container runtime: \/\S+, (crun|runc) version/m);
    expect(stdout).toMatch(/^This machine has (all that|what) builds need/m);
    const { stdout: json } = await work.ok(['doctor', '--format', 'json']);
    expect((JSON.parse(json) as { findings: unknown[] }).findings).toContainEqual(
      expect.objectContaining({ severity: 'ok', subject: 'worker' }),
    );
  });

  test('says what a machine lacks that gives no namespace', async () => {
    const { code, stdout } = await work.img(['doctor'], { helpless: true });

    expect(code).toBe(1);
    expect(stdout).toMatch(/^error +worker: .+/m);
    expect(stdout).toMatch(/^This machine lacks what builds need: \d+ errors?, \d+ warnings?\.$/m);
  });

  test('finds a sound store sound, and an absent one too', async () => {
    expect(await examine()).toEqual({ code: 0, problems: [] });
    const { stdout } = await work.ok(['doctor', '--store']);
    expect(stdout).toMatch(
      /^Checked \d+ blobs \(.+\), 1 image, 3 cache records and 3 snapshots: no problem found$/m,
    );
    await work.ok(['doctor', '--store'], { state: join(work.folder, 'nothing') });
  });

  test('finds a blob whose bytes changed, and one that is gone', async () => {
    const [first = '', second = ''] = blobs();
    chmodSync(first, 0o644);
    const aside = join(work.folder, 'aside');
    renameSync(second, aside);
    truncateSync(first, 1);

    const { code, problems } = await examine();

    expect(code).toBe(1);
    expect(problems).toContainEqual(
      expect.objectContaining({
        severity: 'corruption',
        kind: 'blob-damaged',
        subject: `sha256:${first.slice(-64)}`,
      }),
    );
    const incomplete = problems
      .filter(({ kind }) => kind === 'image-incomplete')
      .map(({ message }) => message);
    expect(incomplete.join()).toMatch(
      new RegExp(`${second.slice(-64)} is not in the store|${first.slice(-64)}`),
    );
    renameSync(aside, second);
    rmSync(first);
    await work.ok(['rm', 'app:1']);
    await work.ok(['prune', '--all']);
    await work.ok(['build', '-t', 'app:1', context]);
    expect(await examine()).toEqual({ code: 0, problems: [] });
  });

  test('finds a snapshot whose files are gone', async () => {
    const folder = join(work.state, 'snapshots/overlayfs');
    const [id = ''] = readdirSync(folder);
    renameSync(join(folder, id, 'fs'), join(folder, id, 'away'));

    const { code, problems } = await examine();

    expect({ code, problems }).toMatchObject({
      code: 1,
      problems: [
        {
          severity: 'corruption',
          kind: 'snapshot-missing',
          message: `its files, overlayfs/${id}/fs, are gone`,
        },
      ],
    });
    renameSync(join(folder, id, 'away'), join(folder, id, 'fs'));
  });

  test('tells what was left apart from what is broken, and the next build takes it away', async () => {
    work.write({
      'state/content/ingest/t-left': 'half',
      'state/locks/step-left.lock': '',
      'state/snapshots/overlayfs/99999/fs/file': 'stray',
    });

    const { code, problems } = await examine();

    expect(code).toBe(0);
    expect(problems.map(({ severity, kind }) => `${severity} ${kind}`).sort()).toEqual([
      'leftover blob-unfinished',
      'leftover lock-free',
      'leftover snapshot-stray',
    ]);
    await work.ok(['build', '--no-cache', '-t', 'app:1', context]);
    expect(await examine()).toEqual({ code: 0, problems: [] });
  });

  test('reports nothing of what builds are just making', async () => {
    const builds = ['one', 'two', 'three'].map((name) =>
      work.ok(['build', '--no-cache', '-t', `${name}:1`, context]),
    );
    const all = Promise.all(builds);
    let running = true;
    void all
      .finally(() => {
        running = false;
      })
      .catch(() => {});
    const reports: Report[] = [];
    while (running) reports.push(await examine());
    await all;

    expect(reports.length).toBeGreaterThan(0);
    for (const report of reports) expect(report).toEqual({ code: 0, problems: [] });
  });

  test('is told what it may be asked for', async () => {
    const { code, stderr } = await work.img(['doctor', '--format', 'yaml']);

    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'Error: unknown format "yaml"\nit can be text or json\n',
    });
  });
});
