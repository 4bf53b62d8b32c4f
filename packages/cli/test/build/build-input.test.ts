// SPDX-License-Identifier: MIT

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type BuildInput, openBuildInput } from '../../src/build/build-input.ts';
import type { CommandIo } from '../../src/command.ts';
import type { Services } from '../../src/wiring/services.ts';
import { removeFolders, temporaryFolder } from '../support/fake-process.ts';

afterEach(removeFolders);

interface Opened extends BuildInput {
  readonly steps: readonly string[];
  /** Of the main context. */
  readonly folder: string;
}

async function open(context: string, file?: string, stdin: Uint8Array | string = ''): Promise<Opened> {
  const io = { stdin: Readable.from([Buffer.from(stdin)]) };
  const steps: string[] = [];
  const input = await openBuildInput(
    { context, file },
    {
      io: io as unknown as CommandIo,
      services: {} as Services,
      secrets: { secret: async () => undefined, agent: async () => undefined },
      signal: new AbortController().signal,
      async load(step, transfer, read) {
        const bytes = await read();
        steps.push(`${step} ${transfer} ${bytes.length}`);
        return bytes;
      },
    },
  );
  return { ...input, steps, folder: await folderOf(input) };
}

async function folderOf(input: BuildInput): Promise<string> {
  const source = (await input.sources()).find(({ schemes }) => schemes.includes('local'));
  const content = await (await source?.open({ identifier: 'local://context', attrs: {} }))?.content();
  return content?.type === 'tree' && content.tree.type === 'host' ? content.tree.path : '';
}

function contextWith(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

describe('a folder', () => {
  test('brings its Dockerfile and ignore file, each shown as a step', async () => {
    const folder = contextWith({
      Dockerfile: 'FROM a\n',
      '.dockerignore': '# no\nx\n!y\n',
      dockerfile: 'FROM b',
    });
    const input = await open(folder);
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
    expect((await open(contextWith({ dockerfile: 'FROM b' }))).dockerfile.name).toBe('dockerfile');
  });

  test('may have its Dockerfile elsewhere, with an ignore file of its own that wins', async () => {
    const folder = contextWith({ '.dockerignore': 'x' });
    const other = contextWith({ 'my.docker': 'FROM c', 'my.docker.dockerignore': 'y' });
    expect(await open(folder, join(other, 'my.docker'))).toMatchObject({
      dockerfile: { name: 'my.docker', text: 'FROM c' },
      lowerOptions: { contextIgnore: ['y'] },
    });
  });

  test('may have a link as Dockerfile', async () => {
    const folder = contextWith({ real: 'FROM a' });
    symlinkSync('real', join(folder, 'Dockerfile'));
    expect((await open(folder)).dockerfile.text).toBe('FROM a');
  });

  test('may get its Dockerfile from stdin', async () => {
    expect(
      await open(contextWith({ Dockerfile: 'FROM a', '.dockerignore': 'x' }), '-', 'FROM stdin'),
    ).toMatchObject({
      dockerfile: { text: 'FROM stdin' },
      lowerOptions: { contextIgnore: ['x'] },
    });
  });

  test('without a Dockerfile is refused', async () => {
    const folder = temporaryFolder();
    await expect(open(folder)).rejects.toThrow(
      `failed to read dockerfile: open ${folder}/Dockerfile: no such file or directory`,
    );
  });

  test('whose Dockerfile is no file is refused, without waiting for a writer', async () => {
    const folder = temporaryFolder();
    execFileSync('mkfifo', [join(folder, 'Dockerfile')]);
    mkdirSync(join(folder, 'dir'));
    await expect(open(folder)).rejects.toThrow('is not a regular file');
    await expect(open(folder, join(folder, 'dir'))).rejects.toThrow('is a directory');
  });
});

describe('stdin', () => {
  test('that is text is a Dockerfile with an empty context', async () => {
    const input = await open('-', undefined, 'FROM a\n');
    expect(input).toMatchObject({
      dockerfile: { text: 'FROM a\n' },
      lowerOptions: { context: 'local:context' },
    });
    input.close();
    expect(existsSync(input.folder)).toBe(false);
  });

  test.each([[[]], [['-z']]])('that is a tar archive (%j) is the context', async (flags) => {
    const folder = contextWith({ Dockerfile: 'FROM tar', x: '1' });
    const input = await open('-', undefined, execFileSync('tar', ['-C', folder, '-c', ...flags, '.']));
    expect([input.dockerfile.text, readFileSync(join(input.folder, 'x'), 'utf8')]).toEqual(['FROM tar', '1']);
    input.close();
  });

  test('whose Dockerfile is a link out of the archive is refused', async () => {
    const folder = temporaryFolder();
    symlinkSync('/etc/hostname', join(folder, 'Dockerfile'));
    await expect(open('-', undefined, execFileSync('tar', ['-C', folder, '-c', '.']))).rejects.toThrow(
      'link out of the context',
    );
    await expect(
      open('-', '../../../etc/hostname', execFileSync('tar', ['-C', folder, '-c', '.'])),
    ).rejects.toHaveProperty('code', 'USAGE');
  });

  test('cannot be both context and Dockerfile', async () => {
    await expect(open('-', '-')).rejects.toThrow("can't use stdin for both");
  });
});

test.each([['/nosuch/folder'], ['/etc/hostname']])('%s is no context', async (context) => {
  await expect(open(context)).rejects.toHaveProperty('code', 'USAGE');
});
