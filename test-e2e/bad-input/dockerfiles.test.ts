// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { refusalOf } from '../support/refusal.ts';
import { testRun } from '../support/test-run.ts';
import { type Files, openWorkspace, type Workspace } from '../support/workspace.ts';

const { busybox, identities } = testRun();

interface Mistake {
  readonly what: string;
  readonly files: Files;
  readonly args?: readonly string[];
  readonly cause: RegExp;
  readonly hint?: RegExp;
  /** The marked line of the excerpt. */
  readonly marked?: string;
}

const MISTAKES: readonly Mistake[] = [
  {
    what: 'no Dockerfile',
    files: { f: '' },
    cause: /^failed to read dockerfile: open .*\/Dockerfile: no such file or directory$/,
    hint: /with -f$/,
  },
  { what: 'an empty Dockerfile', files: { Dockerfile: '' }, cause: /the Dockerfile cannot be empty$/ },
  {
    what: 'a Dockerfile of comments only',
    files: { Dockerfile: '# nothing\n' },
    cause: /file with no instructions$/,
  },
  {
    what: 'bytes that are not UTF-8',
    files: { Dockerfile: Buffer.from('FROM scratch\nLABEL a=\xff\xfe\n', 'latin1') },
    cause: /Dockerfile is not valid UTF-8: line 2$/,
    hint: /UTF-8/,
  },
  {
    what: 'a line of 70,000 bytes',
    files: { Dockerfile: `FROM scratch\nLABEL a=${'a'.repeat(70_000)}\n` },
    cause: /dockerfile line greater than max allowed size of 65535$/,
  },
  {
    what: 'an unknown instruction',
    files: { Dockerfile: 'FROM scratch\nRUM x\n' },
    cause: /parse error on line 2: unknown instruction: RUM \(did you mean RUN\?\)$/,
    marked: 'RUM x',
  },
  {
    what: 'an unknown flag',
    files: { Dockerfile: 'FROM scratch\nCOPY --form=a b c\n' },
    cause: /unknown flag: -*form \(did you mean from\?\)$/,
    marked: 'COPY --form=a b c',
  },
  {
    what: 'an instruction before FROM',
    files: { Dockerfile: 'RUN x\n' },
    cause: /no build stage in current context$/,
    marked: 'RUN x',
  },
  {
    what: 'a reference that is none',
    files: { Dockerfile: 'FROM ubuntu/UPPER\n' },
    cause: /invalid reference "ubuntu\/UPPER": the repository name must be lower case$/,
    marked: 'FROM ubuntu/UPPER',
  },
  {
    what: 'an unknown target',
    files: { Dockerfile: 'FROM scratch AS build\nCOPY Dockerfile /\n' },
    args: ['--target', 'bild'],
    cause: /target stage "bild" could not be found \(did you mean build\?\)$/,
  },
  {
    what: 'a stage index that is too high',
    files: { Dockerfile: 'FROM scratch\nCOPY --from=9 a /\n' },
    cause: /invalid stage index 9$/,
  },
  {
    what: 'a stage that copies from itself',
    files: { Dockerfile: 'FROM scratch AS a\nCOPY --from=a /x /\n' },
    cause: /circular dependency detected on stage: a$/,
    marked: 'COPY --from=a /x /',
  },
  {
    what: 'a stage that is defined later',
    files: {
      Dockerfile: 'FROM scratch AS a\nCOPY --from=b /x /\nFROM scratch AS b\nCOPY Dockerfile /\nFROM a\n',
    },
    cause: /cannot copy from stage "b", it needs to be defined before current stage "a"$/,
    marked: 'COPY --from=b /x /',
  },
  {
    what: 'a file that the context lacks',
    files: { Dockerfile: 'FROM scratch\nCOPY nofile /\n' },
    cause: /"\/nofile": not found$/,
    marked: 'COPY nofile /',
  },
  {
    what: 'a file that .dockerignore excludes',
    files: { Dockerfile: 'FROM scratch\nCOPY secret /\n', secret: 's', '.dockerignore': 'secret\n' },
    cause: /"\/secret": not found: an ignore rule excludes it$/,
    hint: /\.dockerignore/,
    marked: 'COPY secret /',
  },
  {
    what: 'a file that the stage lacks',
    files: { Dockerfile: 'FROM scratch AS a\nCOPY Dockerfile /\nFROM scratch\nCOPY --from=a /nix /\n' },
    cause: /"\/nix": not found$/,
    marked: 'COPY --from=a /nix /',
  },
  {
    what: 'a heredoc without end',
    files: { Dockerfile: 'FROM scratch\nCOPY <<EOF /x\na\n' },
    cause: /unterminated heredoc$/,
  },
  {
    what: 'a mode that is none',
    files: { Dockerfile: 'FROM scratch\nCOPY --chmod=64a Dockerfile /\n' },
    cause: /invalid chmod parameter: '64a'/,
  },
  {
    what: 'a pattern of .dockerignore that is none',
    files: { Dockerfile: 'FROM scratch\n', '.dockerignore': '!\n' },
    cause: /^failed parsing .*\.dockerignore: /,
  },
  {
    what: 'an unknown user',
    files: { Dockerfile: `FROM ${busybox}\nUSER nosuch\nRUN true\n` },
    cause: /unable to find user nosuch: no matching entries in passwd file$/,
    marked: 'RUN true',
  },
  {
    what: 'a command that the image lacks',
    files: { Dockerfile: `FROM ${busybox}\nRUN ["/bin/nope"]\n` },
    cause: /\/bin\/nope: not found in the container/,
    marked: 'RUN ["/bin/nope"]',
  },
  {
    what: 'a tag that is none',
    files: { Dockerfile: 'FROM scratch\n' },
    args: ['-t', 'Bad Ref'],
    cause: /^invalid reference "Bad Ref"/,
  },
  {
    what: 'a platform that is none',
    files: { Dockerfile: 'FROM scratch\n' },
    args: ['--platform', 'a/b/c/d'],
    cause: /^invalid platform "a\/b\/c\/d"$/,
    hint: /os\/architecture/,
  },
  {
    what: 'a flag that does not exist',
    files: { Dockerfile: 'FROM scratch\n' },
    args: ['--targt', 'x'],
    cause: /^unknown flag: --targt \(did you mean --target\?\)$/,
  },
];

describe.each(identities)('mistakes in what is built, as $kind', (identity) => {
  let work: Workspace;

  beforeAll(async () => {
    work = openWorkspace(identity);
    await work.build({ Dockerfile: 'FROM scratch\nCOPY Dockerfile /\n' });
  });

  afterAll(() => {
    work.remove();
  });

  test.each(MISTAKES)('$what', async ({ files, args = [], cause, hint, marked }) => {
    const context = work.context(files);
    const result = await work.img(['build', '-t', 'never:1', ...args, context]);

    expect(refusalOf(result)).toEqual({
      code: 1,
      cause: expect.stringMatching(cause),
      hint: hint === undefined ? undefined : expect.stringMatching(hint),
      stack: [],
    });
    if (marked !== undefined)
      expect(result.stderr).toMatch(new RegExp(`^ +\\d+ \\| >>> ${escaped(marked)}$`, 'm'));
    // The whole message has to fit a screen, whatever the Dockerfile holds.
    expect(result.stderr.length).toBeLessThan(5000);
    const { stdout } = await work.ok(['ls']);
    expect(stdout).toContain('test/image:1');
    expect(stdout).not.toContain('never');
  });

  test('a context that does not exist, a file as context, a folder and a pipe as Dockerfile', async () => {
    const context = work.context({ file: 'x' });
    mkdirSync(join(context, 'folder'));
    execFileSync('mkfifo', ['-m', '666', join(context, 'pipe')]);

    expect(refusalOf(await work.img(['build', '/nowhere']))).toMatchObject({
      code: 1,
      cause: 'unable to prepare context: path "/nowhere" not found',
      stack: [],
    });
    expect(refusalOf(await work.img(['build', join(context, 'file')]))).toMatchObject({
      code: 1,
      cause: expect.stringMatching(/is not a directory$/),
      stack: [],
    });
    expect(refusalOf(await work.img(['build', '-f', join(context, 'folder'), context]))).toMatchObject({
      code: 1,
      cause: expect.stringMatching(/is a directory$/),
      stack: [],
    });
    expect(refusalOf(await work.img(['build', '-f', join(context, 'pipe'), context]))).toMatchObject({
      code: 1,
      cause: expect.stringMatching(/is not a regular file$/),
      stack: [],
    });
  });

  test('a failing RUN shows the end of its output and its lines, and nothing is tagged', async () => {
    const context = work.context({
      Dockerfile: `FROM ${busybox}\nRUN seq 1 100; \\\n    echo oops >&2; \\\n    exit 7\nRUN true\n`,
    });

    const result = await work.img(['build', '-t', 'never:1', context]);

    expect(refusalOf(result)).toEqual({
      code: 1,
      cause: expect.stringMatching(
        /process "\/bin\/sh -c seq 1 100; .*exit 7" did not complete successfully: exit code: 7$/,
      ),
      hint: undefined,
      stack: [],
    });
    const report = result.stderr.slice(result.stderr.indexOf('------\n > '));
    expect(report).toMatch(/\d\.\d{3} oops\n------\nDockerfile:2\n/);
    expect(report).not.toMatch(/\d\.\d{3} 10\n/);
    for (const line of ['RUN seq 1 100; \\', '    echo oops >&2; \\', '    exit 7'])
      expect(report).toMatch(new RegExp(`^ +\\d+ \\| >>> ${escaped(line)}$`, 'm'));
    expect((await work.ok(['ls'])).stdout).not.toContain('never');
  });

  test('--debug adds the stack', async () => {
    const { code, stderr } = await work.img(['-d', 'build', '/nowhere']);

    expect(code).toBe(1);
    expect(stderr).toMatch(/^ +at /m);
  });
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
