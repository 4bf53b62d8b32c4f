// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type GitServer, startGitServer } from '../support/git-server.ts';
import { refusalOf } from '../support/refusal.ts';
import { type ScriptedServer, startScriptedServer } from '../support/scripted-server.ts';
import { testRun } from '../support/test-run.ts';
import { storedFiles } from '../support/traces.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { busybox, identities } = testRun();

/** One line of `du --format json`. */
interface Row {
  readonly ID: string;
  readonly Parents: readonly string[];
  readonly Reclaimable: boolean;
  readonly Shared: boolean;
  readonly InUse: boolean;
  readonly Mutable: boolean;
  readonly Size: number;
  readonly Type: string;
  readonly Description: string;
}

async function rowsOf(work: Workspace, ...args: string[]): Promise<readonly Row[]> {
  const { stdout } = await work.ok(['du', '--format', 'json', ...args]);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);
}

function bytesOf(folder: string): number {
  return Number(execFileSync('du', ['-s', '--block-size=1', folder], { encoding: 'utf8' }).split('\t')[0]);
}

describe.each(identities)('the disk, as $kind', (identity) => {
  let work: Workspace;
  let git: GitServer;
  let server: ScriptedServer;
  let context: string;

  beforeAll(async () => {
    work = openWorkspace(identity);
    git = await startGitServer(join(work.folder, 'repositories'));
    server = await startScriptedServer();
    server.documents.set('/file', { type: 'text/plain', bytes: Buffer.from('downloaded') });
    git.commit('app', { Dockerfile: 'FROM scratch\nCOPY file /file\n', file: 'one' });
    context = work.context({
      Dockerfile: `FROM ${busybox} AS base
RUN --mount=type=cache,id=words,target=/words head -c 300000 /dev/urandom >/words/list; echo one >/one
FROM base AS app
RUN head -c 500000 /dev/urandom >/two
ADD http://${server.host}/file /file
FROM base AS unnamed
RUN echo three >/three
`,
    });
    await work.ok(['build', '-t', 'app:1', '--target', 'app', context]);
    await work.ok(['build', '-o', `type=tar,dest=${work.folder}/out.tar`, context]);
    await work.ok(['build', '-o', `type=tar,dest=${work.folder}/out.tar`, `${git.url}/app`]);
  });

  afterAll(async () => {
    await git.stop();
    await server.stop();
    work.remove();
  });

  test('du tells cache, mounts, repositories and downloads apart, and what images share', async () => {
    const rows = await rowsOf(work);
    const described = (text: string): Row | undefined =>
      rows.find(({ Description }) => Description.includes(text));

    expect(described('with id "words"')).toMatchObject({
      Type: 'exec.cachemount',
      Mutable: true,
      Shared: false,
    });
    expect(described('with id "words"')?.Size).toBeGreaterThan(299_000);
    expect(described(`git repository ${git.url}/app`)).toMatchObject({
      Type: 'source.git.checkout',
      Reclaimable: true,
    });
    expect(described(`http download http://${server.host}/file`)).toMatchObject({ Type: 'source.http' });
    expect(described('500000')).toMatchObject({ Type: 'regular', Shared: true, Reclaimable: false });
    expect(described('500000')?.Size).toBeGreaterThan(1_000_000);
    expect(described('echo three')).toMatchObject({ Type: 'regular', Shared: false, Reclaimable: true });
    expect(rows.some(({ InUse }) => InUse)).toBe(false);
  });

  test.each([
    [['type==exec.cachemount'], 1],
    [['mutable'], 1],
    [['size>900KB', 'description~=two$'], 1],
    [['description=echo three'], 1],
    [['description=echo three', 'shared'], 0],
    [['unused-for=1h'], 0],
    [['type~=^source\\.(git|http)', 'reclaimable', 'description~=^(git repository|http download) '], 2],
  ])('du filters by %j', async (filters, count) => {
    const args = filters.flatMap((filter) => ['--filter', filter]);
    expect(await rowsOf(work, ...args)).toHaveLength(count);
    const { stdout } = await work.ok(['du', ...args]);
    expect(stdout.trimEnd().split('\n')).toHaveLength(count + 1);
  });

  test('du --verbose tells all, and what makes no sense is refused', async () => {
    const { stdout } = await work.ok(['du', '--verbose', '--filter', 'description=echo three']);
    expect(stdout).toMatch(/^ID: .*\nParent: .*\nCreated at: .*Z\nMutable: +false\nReclaimable: +true\n/);
    for (const args of [
      ['--format', 'yaml'],
      ['--filter', 'colour=red'],
      ['--why', 'nothing'],
    ])
      expect(refusalOf(await work.img(['du', ...args]))).toMatchObject({ code: 1, stack: [] });
    const refusal = refusalOf(await work.img(['build', context], { env: { IMG_MAX_SIZE: 'plenty' } }));
    expect(refusal).toMatchObject({ cause: 'invalid size "plenty" for IMG_MAX_SIZE' });
  });

  test('du --why names what keeps a record: an image, a record, a running build, or nothing', async () => {
    const rows = await rowsOf(work);
    const idOf = (text: string): string =>
      rows.find(({ Description }) => Description.includes(text))?.ID ?? '';
    const why = async (id: string): Promise<string> => (await work.ok(['du', '--why', id])).stdout;

    expect(await why(idOf('500000'))).toMatch(
      /^Kept by: +image docker\.io\/library\/app:1, whose layer sha256:[0-9a-f]{64} it is\n +record /m,
    );
    expect(await why(idOf('echo one'))).toMatch(
      / record \S+ \(mount \/ from exec .*\), which stands on it$/m,
    );
    const free = await why(idOf('echo three').slice(0, 12));
    expect(free).toMatch(/^Found by: +cache key sha256:[0-9a-f]{64}$/m);
    expect(free).toMatch(
      /^Kept by: +nothing\nGoes: +with img prune\n +on 20\d\d-\d\d-\d\d unless it is used/m,
    );

    const slow = work.context({ Dockerfile: `FROM ${busybox}\nRUN echo ready-now; sleep 60\n` });
    const { child, result } = work.start(['build', '--no-console', slow]);
    const ready = Promise.withResolvers<void>();
    child.stderr?.on('data', (chunk: Buffer) => {
      if (/^#\d+ [\d.]+ ready-now/m.test(chunk.toString())) ready.resolve();
    });
    await Promise.race([ready.promise, result]);
    const base = (await rowsOf(work, '--filter', 'inuse'))[0]?.ID ?? '';
    expect(await why(base)).toMatch(/ the build of process \d+, which began .* ago\nGoes: +not before/);
    child.kill('SIGTERM');
    await result;
  });

  test('prune removes what was asked for, after telling what that is', async () => {
    const only = ['--filter', 'type==exec.cachemount'];
    const { stdout: told } = await work.ok(['prune', '--dry-run', ...only]);
    expect(told).toMatch(/^cache-mount-\S+\* +true .*\nReclaimable: +3\d\dKiB\nTotal: +3\d\dKiB\n$/m);
    expect(await rowsOf(work, ...only)).toHaveLength(1);

    const { stdout: done } = await work.ok(['prune', '-f', ...only]);

    expect(done).toBe(told.replace('Reclaimable: ', 'Reclaimed:   '));
    expect(await rowsOf(work, ...only)).toEqual([]);
    expect(await rowsOf(work, '--filter', 'description=echo three')).toHaveLength(1);
    await work.ok(['prune', '--keep-duration', '1h']);
    await work.ok(['prune', '--filter', 'unused-for=1h']);
    await work.ok(['prune', '--keep-storage', '1GB']);
    await work.ok(['prune', '--reserved-space', '0', '--max-used-space', '1GB', '--min-free-space', '0']);
    expect(await rowsOf(work, '--filter', 'description=echo three')).toHaveLength(1);
  });

  test('prune leaves what images share, prune --all does not, and the images work all the same', async () => {
    await work.ok(['prune']);
    expect((await rowsOf(work)).map(({ Shared }) => Shared)).not.toContain(false);
    expect((await rowsOf(work)).length).toBeGreaterThan(2);

    const { stdout } = await work.ok(['prune', '--all', '--verbose']);

    expect(stdout).toMatch(/^Shared: +true$/m);
    expect(await rowsOf(work)).toEqual([]);
    const { files } = await work.image('app:1');
    expect(files.get('two')?.content.length).toBe(500_000);
    const derived = await work.build({ Dockerfile: 'FROM app:1\nRUN cat /one >/copy\n' });
    expect(derived.files.get('copy')?.content.toString()).toBe('one\n');
  });

  test('prune --all without images leaves next to nothing', async () => {
    await work.ok(['build', '-b', 'native', '-t', 'app:1', context]);
    const { stdout } = await work.ok(['ls']);
    const names = stdout.split('\n').slice(1, -1);
    await work.ok(['rm', ...names.map((line) => line.split(' ')[0] ?? '')]);

    await work.ok(['prune', '--all']);

    expect(storedFiles(work)).toEqual([]);
    expect(bytesOf(work.state)).toBeLessThan(1_000_000);
    await work.ok(['build', '-t', 'app:1', context]);
  });
});
