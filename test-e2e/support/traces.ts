// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Workspace } from './workspace.ts';

/** What a command may leave behind without being asked. */
export interface Traces {
  /** Command lines of processes that name the workspace. */
  readonly processes: readonly string[];
  /** Mount points below the workspace, in the tests' namespace. */
  readonly mounts: readonly string[];
  /** Paths of temporary and half-written files, below the workspace. */
  readonly files: readonly string[];
}

export const NO_TRACES: Traces = { processes: [], mounts: [], files: [] };

/** Looks for what is left of commands that ran in a workspace. */
export function tracesOf({ folder, state }: Workspace): Traces {
  return {
    processes: processesNaming(folder),
    mounts: readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[1] ?? '')
      .filter((place) => place.startsWith(`${folder}/`)),
    files: [
      ...filesBelow(join(folder, 'tmp')),
      // A download that was cut off is kept for the next attempt.
      ...ingestsOf(state).filter((path) => !/\/r-[0-9a-f]{64}$/.test(path)),
      ...filesBelow(join(state, 'run')),
      ...filesBelow(join(state, 'locks')).filter((name) => name.includes('record-')),
      ...filesBelow(folder).filter((name) => name.endsWith('.tmp')),
    ],
  };
}

/** Resolves when no process names a text any more. */
export async function goneProcesses(text: string): Promise<void> {
  for (let waited = 0; processesNaming(text).length > 0; waited += 20) {
    if (waited > 10_000) throw new Error(`still running: ${processesNaming(text).join('; ')}`);
    await setTimeout(20);
  }
}

/** Command lines of the running processes that contain a text. */
export function processesNaming(text: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(commandLine)
    .filter((line) => line.includes(text));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    // It ended meanwhile.
    return '';
  }
}

function filesBelow(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)));
  } catch {
    // Never made, or not ours to read.
    return [];
  }
}

/** Blobs and snapshots in the state of a workspace. */
export function storedFiles({ state }: Workspace): readonly string[] {
  return [
    ...ingestsOf(state),
    ...filesBelow(join(state, 'content/blobs')).filter((path) => /[0-9a-f]{64}$/.test(path)),
    ...['overlayfs', 'native'].flatMap((backend) => childrenOf(join(state, 'snapshots', backend))),
  ];
}

function ingestsOf(state: string): readonly string[] {
  return filesBelow(join(state, 'content/ingest'));
}

function childrenOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}
