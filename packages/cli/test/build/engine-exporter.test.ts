// SPDX-License-Identifier: MIT
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ArchiveSink } from '@img-build/exporters';
import type { Exporter, ExportInput, ExportOptions } from '@img-build/interfaces';
import { afterAll, describe, expect, test } from '@jest/globals';
import { createEngineExporter, type Engine, findEngine } from '../../src/build/engine-exporter.ts';
import { removeFolders, temporaryFolder } from '../support/fake-process.ts';

afterAll(removeFolders);

/** A folder of clients made of shell scripts, in front of the system's programs. */
function clients(scripts: Readonly<Record<string, string>>): {
  readonly PATH: string;
  readonly folder: string;
} {
  const folder = join(temporaryFolder(), 'bin');
  mkdirSync(folder);
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return { PATH: `${folder}:/usr/bin:/bin`, folder };
}

const ANSWERS = 'exit 0';
const SILENT = 'echo nobody there >&2; exit 1';

describe('the engine', () => {
  test('is docker where it answers, else podman', async () => {
    const both = clients({ docker: ANSWERS, podman: ANSWERS });
    expect(await findEngine({ PATH: both.PATH }, {})).toMatchObject({
      name: 'docker',
      program: join(both.folder, 'docker'),
    });
    const one = clients({ docker: SILENT, podman: ANSWERS });
    expect(await findEngine({ PATH: one.PATH }, {})).toMatchObject({ name: 'podman' });
  });

  test('that does not answer is an error with what it said', async () => {
    const { PATH } = clients({ docker: SILENT, podman: 'exit 3' });
    await expect(findEngine({ PATH }, {})).rejects.toMatchObject({
      code: 'ENGINE_UNREACHABLE',
      message: expect.stringMatching(/docker: nobody there; podman: /),
      hint: expect.stringContaining('-o type=docker'),
    });
  });
});

async function load(
  script: string,
  chunks: readonly string[],
): Promise<{ readonly folder: string; readonly steps: string[] }> {
  const { PATH, folder } = clients({ docker: script });
  const engine: Engine = { name: 'docker', program: join(folder, 'docker'), env: { PATH, OUT: folder } };
  const steps: string[] = [];
  const options: ExportOptions = {
    progress: async (step, work) => {
      steps.push(step);
      return await work();
    },
  };
  await createEngineExporter(engine, (to) => archiveOf(to, chunks)).export({} as ExportInput, options);
  return { folder, steps };
}

function archiveOf(to: ArchiveSink, chunks: readonly string[]): Exporter {
  return {
    title: 'archive',
    async export() {
      for (const chunk of chunks) if ('write' in to) await to.write(Buffer.from(chunk));
      return { metadata: {} };
    },
  };
}

describe('loading', () => {
  test('gives the engine every byte and waits until it has taken them', async () => {
    const chunks = Array.from({ length: 64 }, (_, index) => String(index % 10).repeat(65_536));
    const { folder, steps } = await load('[ "$1" = load ] && cat > "$OUT/taken"', chunks);
    expect(readFileSync(join(folder, 'taken'), 'utf8')).toBe(chunks.join(''));
    expect(steps).toEqual(['importing to docker']);
  });

  test('fails with what the engine says, also when it reads nothing', async () => {
    const refusal = { code: 'ENGINE_LOAD_FAILED', message: 'docker load failed: no space left' };
    const much = Array.from({ length: 64 }, () => 'x'.repeat(65_536));
    await expect(load('cat >/dev/null; echo no space left >&2; exit 1', ['x'])).rejects.toMatchObject(
      refusal,
    );
    await expect(load('echo no space left >&2; exit 1', much)).rejects.toMatchObject(refusal);
    await expect(load('exit 1', ['x'])).rejects.toThrow('docker load failed: it ended early');
  });
});
