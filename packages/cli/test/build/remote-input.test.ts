// SPDX-License-Identifier: MIT

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { contextWith, openInput, pathOf } from '../support/build-input.ts';
import { removeFolders, temporaryFolder } from '../support/fake-process.ts';

afterEach(removeFolders);

describe('stdin', () => {
  test('that is text is a Dockerfile with an empty context', async () => {
    const input = await openInput('-', undefined, 'FROM a\n');
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
      const input = await openInput('-', undefined, execFileSync('tar', ['-C', folder, '-c', ...flags, '.']));
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
      expect((await openInput('-', file, tar)).dockerfile.text).toBe('FROM real');
    await expect(openInput('-', 'nosuch', tar)).rejects.toThrow(
      'failed to read dockerfile: open nosuch: no such file or directory in the archive on stdin',
    );
    await expect(openInput('-', 'build', tar)).rejects.toThrow('build is a directory');
  });

  test('whose Dockerfile is a link out of the archive is refused', async () => {
    const folder = temporaryFolder();
    symlinkSync('/etc/hostname', join(folder, 'Dockerfile'));
    symlinkSync('loop', join(folder, 'loop'));
    const tar = execFileSync('tar', ['-C', folder, '-c', '.']);
    await expect(openInput('-', undefined, tar)).rejects.toThrow('no such file or directory');
    await expect(openInput('-', '../../../etc/hostname', tar)).rejects.toHaveProperty('code', 'USAGE');
    await expect(openInput('-', 'loop', tar)).rejects.toThrow('circle of links');
  });

  test('that is packed and no archive is refused', async () => {
    await expect(openInput('-', undefined, gzipSync('FROM a'))).rejects.toThrow(
      'the archive on stdin is packed with gzip and holds no readable tar archive',
    );
  });

  test('that is a Dockerfile leaves nothing for -f', async () => {
    await expect(openInput('-', 'x', 'FROM a')).rejects.toThrow('ambiguous Dockerfile source');
  });

  test('cannot be both context and Dockerfile', async () => {
    await expect(openInput('-', '-')).rejects.toThrow("can't use stdin for both");
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
    const text = await openInput(await serve('FROM text'));
    expect(text).toMatchObject({ dockerfile: { text: 'FROM text' }, lowerOptions: { contextForm: 'file' } });
    server?.close();
    const folder = contextWith({ Dockerfile: 'FROM archive', other: 'FROM other' });
    const url = await serve(execFileSync('tar', ['-C', folder, '-cz', '.']));
    const archive = await openInput(url);
    expect(archive).toMatchObject({
      dockerfile: { text: 'FROM archive' },
      lowerOptions: { context: url, contextForm: 'archive' },
    });
    expect((await openInput(url, 'other')).dockerfile.text).toBe('FROM other');
    expect((await openInput(url, '-', 'FROM stdin')).dockerfile.text).toBe('FROM stdin');
    expect((await openInput(url, join(folder, 'other'))).dockerfile.text).toBe('FROM other');
  });

  test('may be the Dockerfile of a folder', async () => {
    const url = await serve('FROM there');
    const folder = contextWith({ Dockerfile: 'FROM here', '.dockerignore': 'x' });
    expect(await openInput(folder, url)).toMatchObject({
      folder,
      dockerfile: { name: 'thing', text: 'FROM there' },
      lowerOptions: { contextIgnore: ['x'] },
    });
    writeFileSync(join(folder, '.dockerignore'), '!');
    await expect(openInput(folder, url)).rejects.toThrow('failed parsing');
  });

  test.each([['<!DOCTYPE html>\n<html>'], ['\n <html lang="en">'], ['<!-- x -->\n<!doctype html>']])(
    'that is a page is said to be one: %j',
    async (page) => {
      const url = await serve(page);
      await expect(openInput(url)).rejects.toMatchObject({
        code: 'USAGE',
        message: `${url} is an HTML page, and neither a Dockerfile nor a tar archive`,
      });
    },
  );
});
