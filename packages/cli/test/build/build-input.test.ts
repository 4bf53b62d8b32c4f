// SPDX-License-Identifier: MIT

import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { contextWith, openInput, pathOf } from '../support/build-input.ts';
import { removeFolders, temporaryFolder } from '../support/fake-process.ts';

afterEach(removeFolders);

describe('a folder', () => {
  test('brings its Dockerfile and ignore file, each shown as a step', async () => {
    const folder = contextWith({
      Dockerfile: 'FROM a\n',
      '.dockerignore': '# no\nx\n!y\n',
      dockerfile: 'FROM b',
    });
    const input = await openInput(folder);
    expect(input).toMatchObject({
      folder,
      dockerfile: { name: 'Dockerfile', text: 'FROM a\n' },
      lowerOptions: { context: 'local:context', contextIgnore: ['x', '!y'] },
    });
    expect(input.steps).toEqual([
      '[internal] load build definition from Dockerfile transferring dockerfile: 7',
      '[internal] load .dockerignore transferring context: 10',
    ]);
  });

  test('may spell its Dockerfile in lower case', async () => {
    expect((await openInput(contextWith({ dockerfile: 'FROM b' }))).dockerfile.name).toBe('dockerfile');
  });

  test('may have its Dockerfile elsewhere, with an ignore file of its own that wins', async () => {
    const folder = contextWith({ '.dockerignore': 'x' });
    const other = contextWith({ 'my.docker': 'FROM c', 'my.docker.dockerignore': 'y' });
    expect(await openInput(folder, join(other, 'my.docker'))).toMatchObject({
      dockerfile: { name: 'my.docker', text: 'FROM c' },
      lowerOptions: { contextIgnore: ['y'] },
    });
  });

  test('may have a link as Dockerfile', async () => {
    const folder = contextWith({ real: 'FROM a' });
    symlinkSync('real', join(folder, 'Dockerfile'));
    expect((await openInput(folder)).dockerfile.text).toBe('FROM a');
  });

  test('may get its Dockerfile from stdin', async () => {
    expect(
      await openInput(contextWith({ Dockerfile: 'FROM a', '.dockerignore': 'x' }), '-', 'FROM stdin'),
    ).toMatchObject({
      dockerfile: { text: 'FROM stdin' },
      lowerOptions: { contextIgnore: ['x'] },
    });
  });

  test('may call its Dockerfile Containerfile, but not have it lead out', async () => {
    expect((await openInput(contextWith({ Containerfile: 'FROM c' }))).dockerfile.text).toBe('FROM c');
    const folder = contextWith({});
    const other = contextWith({ file: 'FROM other' });
    symlinkSync(join(other, 'file'), join(folder, 'Dockerfile'));
    await expect(openInput(folder)).rejects.toMatchObject({
      message: `Dockerfile is a link out of the context: ${other}/file`,
      hint: 'name the file it leads to with -f',
    });
    // Who names it elsewhere means it.
    symlinkSync(join(other, 'file'), join(other, 'link'));
    expect((await openInput(folder, join(other, 'link'))).dockerfile.text).toBe('FROM other');
  });

  test('brings named contexts, which are not looked at', async () => {
    const input = await openInput(contextWith({ Dockerfile: 'FROM a' }), undefined, '', {
      there: '/nosuch',
      context: '.',
      image: 'docker-image://alpine',
      repo: 'https://h/x.git#main',
      layout: 'oci-layout:///some/where:tag',
      pinned: `oci-layout://rel/dir@sha256:${'1'.repeat(64)}`,
      stage: 'target:other',
    });
    expect(input.lowerOptions.contexts).toEqual({
      there: 'local:there',
      context: 'local:_context',
      image: 'docker-image://alpine',
      repo: 'https://h/x.git#main',
      layout: 'oci-layout://layout0:tag',
      pinned: `oci-layout://layout1@sha256:${'1'.repeat(64)}`,
      stage: 'target:other',
    });
    expect(await pathOf(input, 'local://_context')).toBe(process.cwd());
    await expect(pathOf(input, 'local://there')).rejects.toHaveProperty('code', 'SOURCE_NOT_FOUND');
  });

  test('of a named context has ignore rules of its own', async () => {
    const named = contextWith({ '.dockerignore': 'secret' });
    const input = await openInput(contextWith({ Dockerfile: 'FROM a' }), undefined, '', { named });
    expect(await input.answers.loadIgnore?.('named', {})).toEqual(['secret']);
    expect(input.steps.at(-1)).toBe('[context named] load .dockerignore transferring context: 6');
  });

  test.each([[''], ['input:x'], ['oci-layout://']])('does not take %j as a named context', async (value) => {
    const folder = contextWith({ Dockerfile: 'FROM a' });
    await expect(openInput(folder, undefined, '', { name: value })).rejects.toHaveProperty('code', 'USAGE');
  });

  test('without a Dockerfile is refused', async () => {
    const folder = temporaryFolder();
    await expect(openInput(folder)).rejects.toThrow(
      `failed to read dockerfile: open ${folder}/Dockerfile: no such file or directory`,
    );
  });

  test('whose Dockerfile is no file is refused, without waiting for a writer', async () => {
    const folder = temporaryFolder();
    execFileSync('mkfifo', [join(folder, 'Dockerfile')]);
    mkdirSync(join(folder, 'dir'));
    await expect(openInput(folder)).rejects.toThrow('is not a regular file');
    await expect(openInput(folder, join(folder, 'dir'))).rejects.toThrow('is a directory');
  });
});

test.each([['/nosuch/folder'], ['/etc/hostname']])('%s is no context', async (context) => {
  await expect(openInput(context)).rejects.toHaveProperty('code', 'USAGE');
});
