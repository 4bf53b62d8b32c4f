// SPDX-License-Identifier: MIT
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { DirectoryContentStore } from '@img-build/content-store';
import { createMemoryContentStore, createMemoryLocks } from '@img-build/testkit';
import { type BuildInput, openBuildInput } from '../../src/build/build-input.ts';
import type { CommandIo } from '../../src/command.ts';
import type { Services } from '../../src/wiring/services.ts';
import { temporaryFolder } from './fake-process.ts';

/** Input and what reading it showed. */
export interface OpenedInput extends BuildInput {
  readonly steps: readonly string[];
  /** Of the main context. */
  readonly folder: string;
}

/** Opens input with services that have a state folder and nothing else. */
export async function openInput(
  context: string,
  file?: string,
  stdin: Uint8Array | string = '',
  contexts: Readonly<Record<string, string>> = {},
): Promise<OpenedInput> {
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
    locks: async () => Object.assign(createMemoryLocks(), { sweep() {} }),
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

/** The folder that a source of the input gives. */
export async function pathOf(input: BuildInput, identifier: string): Promise<string> {
  const scheme = identifier.slice(0, identifier.indexOf(':'));
  const source = (await input.sources()).find(({ schemes }) => schemes.includes(scheme));
  const attrs: Record<string, string> = scheme === 'http' ? { 'http.filename': 'context' } : {};
  const content = await (await source?.open({ identifier, attrs }))?.content();
  return content?.type === 'tree' && content.tree.type === 'host' ? content.tree.path : '';
}

/** A folder with these files. */
export function contextWith(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}
