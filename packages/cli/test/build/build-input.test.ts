// SPDX-License-Identifier: MIT

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import type { DirectoryContentStore } from '@img-build/content-store';
import { createMemoryContentStore, createMemoryLocks } from '@img-build/testkit';
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

async function open(
  context: string,
  file?: string,
  stdin: Uint8Array | string = '',
  contexts: Readonly<Record<string, string>> = {},
): Promise<Opened> {
  const io = { stdin: Readable.from([Buffer.from(stdin)]) };
  const steps: string[] = [];
  const input = await openBuildInput(
    { context, file, contexts },
    {
      io: io as unknown as CommandIo,
      services: fakeServices(),
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

function fakeServices(): Services {
  const state = temporaryFolder();
  const parts: Pick<Services, 'state' | 'locks' | 'env' | 'platform' | 'content'> = {
    state: () => state,
    locks: async () => createMemoryLocks(),
    content: async () => createMemoryContentStore() as unknown as DirectoryContentStore,
    env: {},
    platform: { os: 'linux', architecture: 'amd64' },
  };
  return parts as Services;
}

/** The main context's folder; `''` when it is no folder. */
async function folderOf(input: BuildInput): Promise<string> {
  return input.lowerOptions.context === 'local:context' ? await pathOf(input, 'local://context') : '';
}

async function pathOf(input: BuildInput, identifier: string): Promise<string> {
  const scheme = identifier.slice(0, identifier.indexOf(':'));
  const source = (await input.sources()).find(({ schemes }) => schemes.includes(scheme));
  const attrs: Record<string, string> = scheme === 'http' ? { 'http.filename': 'context' } : {};
  const content = await (await source?.open({ identifier, attrs }))?.content();
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

  test('may call its Dockerfile Containerfile, but not have it lead out', async () => {
    expect((await open(contextWith({ Containerfile: 'FROM c' }))).dockerfile.text).toBe('FROM c');
    const folder = contextWith({});
    const other = contextWith({ file: 'FROM other' });
    symlinkSync(join(other, 'file'), join(folder, 'Dockerfile'));
    await expect(open(folder)).rejects.toMatchObject({
      message: `Dockerfile is a link out of the context: ${other}/file`,
      hint: 'name the file it leads to with -f',
    });
    // Who names it elsewhere means it.
    symlinkSync(join(other, 'file'), join(other, 'link'));
    expect((await open(folder, join(other, 'link'))).dockerfile.text).toBe('FROM other');
  });

  test('brings named contexts, which are not looked at', async () => {
    const input = await open(contextWith({ Dockerfile: 'FROM a' }), undefined, '', {
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
    const input = await open(contextWith({ Dockerfile: 'FROM a' }), undefined, '', { named });
    expect(await input.answers.loadIgnore?.('named', {})).toEqual(['secret']);
    expect(input.steps.at(-1)).toBe('[context named] load .dockerignore transferring context: 6');
  });

  test.each([[''], ['input:x'], ['oci-layout://']])('does not take %j as a named context', async (value) => {
    const folder = contextWith({ Dockerfile: 'FROM a' });
    await expect(open(folder, undefined, '', { name: value })).rejects.toHaveProperty('code', 'USAGE');
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

  test.each([[[]], [['-z']], [['-j']], [['-J']], [['--zstd']], [['--format=v7']]])(
    'that is a tar archive (%j) is the context',
    async (flags) => {
      const folder = contextWith({ Dockerfile: 'FROM tar', x: '1', '.dockerignore': 'x' });
      const input = await open('-', undefined, execFileSync('tar', ['-C', folder, '-c', ...flags, '.']));
      expect(input.dockerfile.text).toBe('FROM tar');
      const { context = '', contextForm, contextIgnore } = input.lowerOptions;
      expect({ contextForm, contextIgnore }).toEqual({ contextForm: 'archive', contextIgnore: undefined });
      const archive = join(await pathOf(input, context), 'context');
      expect(execFileSync('tar', ['-tf', archive], { encoding: 'utf8' })).toContain('./x\n');
      input.close();
      expect(existsSync(archive)).toBe(false);
    },
  );

  test('that is an archive has its Dockerfile where -f says, through its own links', async () => {
    const folder = contextWith({});
    mkdirSync(join(folder, 'build'));
    writeFileSync(join(folder, 'build/real'), 'FROM real');
    symlinkSync('build', join(folder, 'dir'));
    symlinkSync('/dir/real', join(folder, 'Dockerfile'));
    execFileSync('ln', [join(folder, 'build/real'), join(folder, 'hard')]);
    const tar = execFileSync('tar', ['-C', folder, '-c', 'build', 'dir', 'Dockerfile', 'hard']);
    for (const file of [undefined, 'hard', 'dir/real', './build/../dir/real'])
      expect((await open('-', file, tar)).dockerfile.text).toBe('FROM real');
    await expect(open('-', 'nosuch', tar)).rejects.toThrow(
      'failed to read dockerfile: open nosuch: no such file or directory in the archive on stdin',
    );
    await expect(open('-', 'build', tar)).rejects.toThrow('build is a directory');
  });

  test('whose Dockerfile is a link out of the archive is refused', async () => {
    const folder = temporaryFolder();
    symlinkSync('/etc/hostname', join(folder, 'Dockerfile'));
    symlinkSync('loop', join(folder, 'loop'));
    const tar = execFileSync('tar', ['-C', folder, '-c', '.']);
    await expect(open('-', undefined, tar)).rejects.toThrow('no such file or directory');
    await expect(open('-', '../../../etc/hostname', tar)).rejects.toHaveProperty('code', 'USAGE');
    await expect(open('-', 'loop', tar)).rejects.toThrow('circle of links');
  });

  test('that is packed and no archive is refused', async () => {
    await expect(open('-', undefined, gzipSync('FROM a'))).rejects.toThrow(
      'the archive on stdin is packed with gzip and holds no readable tar archive',
    );
  });

  test('that is a Dockerfile leaves nothing for -f', async () => {
    await expect(open('-', 'x', 'FROM a')).rejects.toThrow('ambiguous Dockerfile source');
  });

  test('cannot be both context and Dockerfile', async () => {
    await expect(open('-', '-')).rejects.toThrow("can't use stdin for both");
  });
});

describe('a download', () => {
  let server: Server | undefined;

  afterEach(async () => {
    await new Promise((resolve) => server?.close(resolve));
  });

  async function serve(body: Uint8Array | string): Promise<string> {
    server = createServer((_request, response) => void response.setHeader('connection', 'close').end(body));
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/thing`;
  }

  test('is a Dockerfile, or an archive with one', async () => {
    const text = await open(await serve('FROM text'));
    expect(text).toMatchObject({ dockerfile: { text: 'FROM text' }, lowerOptions: { contextForm: 'file' } });
    server?.close();
    const folder = contextWith({ Dockerfile: 'FROM archive', other: 'FROM other' });
    const url = await serve(execFileSync('tar', ['-C', folder, '-cz', '.']));
    const archive = await open(url);
    expect(archive).toMatchObject({
      dockerfile: { text: 'FROM archive' },
      lowerOptions: { context: url, contextForm: 'archive' },
    });
    expect((await open(url, 'other')).dockerfile.text).toBe('FROM other');
    expect((await open(url, '-', 'FROM stdin')).dockerfile.text).toBe('FROM stdin');
    expect((await open(url, join(folder, 'other'))).dockerfile.text).toBe('FROM other');
  });

  test('may be the Dockerfile of a folder', async () => {
    const url = await serve('FROM there');
    const folder = contextWith({ Dockerfile: 'FROM here', '.dockerignore': 'x' });
    expect(await open(folder, url)).toMatchObject({
      folder,
      dockerfile: { name: 'thing', text: 'FROM there' },
      lowerOptions: { contextIgnore: ['x'] },
    });
    writeFileSync(join(folder, '.dockerignore'), '!');
    await expect(open(folder, url)).rejects.toThrow('failed parsing');
  });

  test.each([['<!DOCTYPE html>\n<html>'], ['\n <html lang="en">'], ['<!-- x -->\n<!doctype html>']])(
    'that is a page is said to be one: %j',
    async (page) => {
      const url = await serve(page);
      await expect(open(url)).rejects.toMatchObject({
        code: 'USAGE',
        message: `${url} is an HTML page, and neither a Dockerfile nor a tar archive`,
      });
    },
  );
});

test.each([['/nosuch/folder'], ['/etc/hostname']])('%s is no context', async (context) => {
  await expect(open(context)).rejects.toHaveProperty('code', 'USAGE');
});
