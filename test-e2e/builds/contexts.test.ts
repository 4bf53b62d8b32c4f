// SPDX-License-Identifier: MIT

import { execFileSync } from 'node:child_process';
import { chmodSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fileOf, textOf } from '../support/image.ts';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { busybox, identities } = testRun();

describe.each(identities)('what builds read, as $kind', (identity) => {
  let work: Workspace;

  beforeAll(() => {
    work = openWorkspace(identity);
  });

  afterAll(() => {
    work.remove();
  });

  test('COPY keeps modes, follows wildcards, takes over folders and sets owners', async () => {
    const context = work.context({
      'a.txt': 'a',
      'b.txt': 'b',
      'script.sh': '#!/bin/sh\n',
      'folder/deep/file': 'deep',
      'folder/top': 'top',
      'with space': 'spaced',
      Dockerfile: `FROM ${busybox}
COPY *.txt /texts/
COPY folder /copied
COPY folder/ /slashed/
COPY script.sh renamed /many/
COPY ["with space", "/json name"]
COPY --chown=app script.sh /by-name
COPY --chown=7:8 --chmod=4711 script.sh /by-number
COPY --chown=app:staff folder /owned
COPY link /link-copied
`,
      renamed: 'x',
    });
    chmodSync(join(context, 'script.sh'), 0o755);
    chmodSync(join(context, 'a.txt'), 0o600);
    symlinkSync('a.txt', join(context, 'link'));
    await work.ok(['build', '-t', 'copies', context]);
    const image = await work.image('copies');

    expect(fileOf(image, 'texts/a.txt')).toBe('600 0:0 a');
    expect(fileOf(image, 'texts/b.txt')).toBe('644 0:0 b');
    expect(textOf(image, 'copied/deep/file')).toBe('deep');
    expect(textOf(image, 'slashed/top')).toBe('top');
    expect(fileOf(image, 'many/script.sh')).toBe('755 0:0 #!/bin/sh\n');
    expect(fileOf(image, 'json name')).toBe('644 0:0 spaced');
    expect(fileOf(image, 'by-name')).toBe('755 1000:1001 #!/bin/sh\n');
    expect(fileOf(image, 'by-number')).toBe('4711 7:8 #!/bin/sh\n');
    expect(fileOf(image, 'owned/deep/file')).toBe('644 1000:50 deep');
    expect(image.files.get('owned')).toMatchObject({ type: 'folder', uid: 1000, gid: 50 });
    expect(fileOf(image, 'link-copied')).toBe('600 0:0 a');
  });

  test('ADD unpacks archives of the context and COPY does not', async () => {
    const context = work.context({
      'src/inner/file': 'packed',
      Dockerfile: `FROM ${busybox}\nADD src.tar.gz /added/\nCOPY src.tar.gz /copied.tar.gz\nADD plain.txt /plain.txt\n`,
      'plain.txt': 'plain',
    });
    execFileSync('tar', [
      '-C',
      join(context, 'src'),
      '--owner=3',
      '--group=4',
      '-czf',
      join(context, 'src.tar.gz'),
      '.',
    ]);
    await work.ok(['build', '-t', 'archives', context]);
    const image = await work.image('archives');

    expect(image.files.get('added/inner/file')).toMatchObject({ uid: 3, gid: 4, type: 'file' });
    expect(image.files.get('copied.tar.gz')?.content.subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
    expect(textOf(image, 'plain.txt')).toBe('plain');
  });

  test('ignore files keep files out', async () => {
    const image = await work.build({
      Dockerfile: 'FROM scratch\nCOPY . /\n',
      '.dockerignore': '# comment\n*.log\n!keep.log\n**/node_modules\nsecret/*\n!secret/public\n',
      'a.log': '',
      'keep.log': '',
      'sub/b.log': '',
      'sub/node_modules/x': '',
      'secret/private': '',
      'secret/public': '',
    });

    expect(
      [...image.files].flatMap(([path, { type }]) => (type === 'file' ? [path] : [])).toSorted(),
    ).toEqual(['.dockerignore', 'Dockerfile', 'keep.log', 'secret/public', 'sub/b.log']);
  });

  test('the Dockerfile may be elsewhere, on stdin, or stdin may be everything', async () => {
    const context = work.context({ 'other/Build.file': 'FROM scratch\nCOPY data /named\n', data: 'd' });
    await work.ok(['build', '-t', 'named', '-f', join(context, 'other/Build.file'), context]);
    await work.ok(['build', '-t', 'stdin-file', '-f', '-', context], {
      input: 'FROM scratch\nCOPY data /piped\n',
    });
    await work.ok(['build', '-t', 'stdin-only', '-'], { input: `FROM ${busybox}\nRUN echo only >/only\n` });
    execFileSync('tar', ['-C', context, '-czf', join(context, '../context.tar.gz'), 'data', 'other']);
    const archive = execFileSync('cat', [join(context, '../context.tar.gz')]);
    await work.ok(['build', '-t', 'stdin-tar', '-f', 'other/Build.file', '-'], { input: archive });

    expect(textOf(await work.image('named'), 'named')).toBe('d');
    expect(textOf(await work.image('stdin-file'), 'piped')).toBe('d');
    expect(textOf(await work.image('stdin-only'), 'only')).toBe('only\n');
    expect(textOf(await work.image('stdin-tar'), 'named')).toBe('d');
  });
});
