// SPDX-License-Identifier: MIT
import { execFile, execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from '@jest/globals';
import { writeToSink } from '../src/archive/sink.ts';
import { removeFolders, temporaryFolder } from './fake-build.ts';

afterAll(removeFolders);

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

describe('a sink with a path', () => {
  test('is a new file, or replaces one', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'deep/file');
    await writeToSink({ path }, chunks('first'));
    await writeToSink({ path }, chunks('sec', 'ond'));

    expect(readFileSync(path, 'utf8')).toBe('second');
    expect(readdirSync(join(folder, 'deep'))).toEqual(['file']);
  });

  test('that is a link stays one and its target is written', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'target'), 'old');
    symlinkSync('target', join(folder, 'link'));
    await writeToSink({ path: join(folder, 'link') }, chunks('new'));

    expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(folder, 'target'), 'utf8')).toBe('new');
  });

  test('that is a pipe or a device is written to and never replaced', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const reader = promisify(execFile)('cat', [path]);
    await writeToSink({ path }, chunks('through', ' the pipe'));

    expect((await reader).stdout).toBe('through the pipe');
    expect(lstatSync(path).isFIFO()).toBe(true);
    expect(readdirSync(folder)).toEqual(['pipe']);
  });

  test('that is a folder is refused', async () => {
    await expect(writeToSink({ path: temporaryFolder() }, chunks('x'))).rejects.toMatchObject({
      code: 'EXPORT_DESTINATION_INVALID',
    });
  });
});
