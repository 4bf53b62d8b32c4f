// SPDX-License-Identifier: MIT
import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { refusalOf } from '../support/refusal.ts';
import { run } from '../support/run.ts';
import { testRun } from '../support/test-run.ts';
import { NO_TRACES, tracesOf } from '../support/traces.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { identities, img } = testRun();

describe.each(identities)('results with nowhere to go, as $kind', (identity) => {
  let work: Workspace;
  let context: string;

  beforeAll(async () => {
    work = openWorkspace(identity);
    context = work.context({ Dockerfile: 'FROM scratch\nCOPY f /f\n', f: 'f' });
    await work.ok(['build', '-t', 'app:1', context]);
  });

  afterAll(() => {
    expect(tracesOf(work)).toEqual(NO_TRACES);
    work.remove();
  });

  test.each([
    ['a kind that does not exist', ['-o', 'type=foo'], /unknown type "foo"$/, /type=image/],
    ['an archive where a folder is', ['-o', 'type=tar,dest=/tmp'], /\/tmp is a folder/, /name of a file/],
    [
      'a folder below a file',
      ['-o', 'type=local,dest=/etc/passwd/x'],
      /^failed to solve: cannot write to \/etc\/passwd\/x: /,
      /another place/,
    ],
    [
      'a folder where none can be made',
      ['-o', 'type=local,dest=/proc/x'],
      /^failed to solve: cannot write to \/proc\/x: /,
      /another place/,
    ],
    [
      'a file where none can be made',
      ['-o', 'type=oci,dest=/proc/x/y.tar'],
      /^failed to solve: cannot write to \/proc\/x: /,
      /another place/,
    ],
    [
      'a compression that does not exist',
      ['-o', 'type=oci,dest=out.tar,compression=rar'],
      /unsupported compression "rar"$/,
      /gzip/,
    ],
    [
      'one docker archive of two platforms',
      ['-o', 'type=docker,dest=out.tar', '--platform', 'linux/amd64,linux/arm64'],
      /does not currently support exporting manifest lists/,
      /type=oci/,
    ],
  ] as const)('%s', async (_what, args, cause, hint) => {
    const refusal = refusalOf(await work.img(['build', ...args, context], { timeout: 20_000 }));

    expect(refusal).toEqual({
      code: 1,
      cause: expect.stringMatching(cause),
      hint: expect.stringMatching(hint),
      stack: [],
    });
    expect(existsSync(join(work.folder, 'out.tar'))).toBe(false);
  });

  test.each([
    ['save of an unknown image', ['save', 'nope:1'], /nope:1/],
    ['push of an unknown image', ['push', 'nope:1'], /image "nope:1" not found$/],
    ['tag of an unknown image', ['tag', 'nope:1', 'a:1'], /image "nope:1" not found$/],
    ['rm of an unknown image', ['rm', 'nope:1'], /image "nope:1" not found$/],
    ['unpack of an unknown image', ['unpack', 'nope:1'], /image "nope:1" not found$/],
    ['inspect of an unknown image', ['inspect', 'nope:1'], /nope:1/],
    ['save to a place that cannot be', ['save', '-o', '/proc/x/y', 'app:1'], /^cannot write to \/proc\/x: /],
    [
      'unpack to a place that cannot be',
      ['unpack', '-o', '/proc/x', 'app:1'],
      /^cannot write to \/proc\/x: /,
    ],
    ['a command that does not exist', ['biuld'], /'biuld' is not an img command \(did you mean build\?\)$/],
    ['a backend that does not exist', ['-b', 'zfs', 'ls'], /^zfs is not a valid snapshots backend$/],
  ] as const)('%s', async (_what, args, cause) => {
    const refusal = refusalOf(await work.img(args, { timeout: 20_000 }));

    expect(refusal).toMatchObject({ code: 1, cause: expect.stringMatching(cause), stack: [] });
    expect((await work.ok(['ls'])).stdout).toContain('app:1');
  });

  test.each(['/proc/x', '/etc/passwd', '/etc/passwd/x'])('%s as state', async (state) => {
    const refusal = refusalOf(await work.img(['ls'], { state, timeout: 20_000 }));

    expect(refusal).toEqual({
      code: 1,
      cause: expect.stringMatching(`^cannot use ${state} as state directory: `),
      hint: 'name another one with --state',
      stack: [],
    });
  });

  test('archives are not written to terminals', async () => {
    for (const command of [`save app:1`, `build -o type=tar ${context}`]) {
      const { stdout } = await run(
        'script',
        ['-qec', `${img} -s ${work.state} ${command}`, join(work.folder, 'typescript')],
        {
          as: identity,
          cwd: work.folder,
        },
      );

      expect(stdout).toMatch(/refusing to (save|write an archive) to a terminal/);
      expect(stdout).not.toContain('ustar');
    }
  });

  test('a folder that may not be written to stays as it is', async () => {
    const closed = join(work.folder, 'closed');
    mkdirSync(closed);
    chmodSync(closed, 0o555);

    const result = await work.img(['save', '-o', join(closed, 'a.tar'), 'app:1']);

    // Root may write everywhere.
    if (identity.kind === 'user')
      expect(refusalOf(result)).toMatchObject({
        code: 1,
        cause: expect.stringMatching(/EACCES|permission denied/),
        stack: [],
      });
    expect(readdirSync(closed)).toEqual(identity.kind === 'user' ? [] : ['a.tar']);
  });
});
