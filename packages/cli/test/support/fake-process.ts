// SPDX-License-Identifier: MIT
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { type ProgramProcess, runProgram } from '../../src/run-program.ts';

/** What a run of the program left behind. */
export interface ProgramRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How the program is run. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Leaves stdin open. */
  readonly open?: boolean;
  /** Called with the process before the program runs. */
  readonly prepare?: (host: EventEmitter) => void;
}

/** Runs the program in this process, with streams that remember. */
export async function run(
  argv: readonly string[],
  { env = {}, input = '', open = false, prepare }: RunOptions = {},
): Promise<ProgramRun> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  if (!open) stdin.end(input);
  const exit = (code?: number): never => {
    throw new Error(`exit ${code}`);
  };
  const host = Object.assign(new EventEmitter(), { stdin, stdout, stderr, env, exit, cwd: () => '/' });
  prepare?.(host);
  const code = await runProgram(argv, host as unknown as ProgramProcess);
  const text = (stream: PassThrough): string => String(stream.read() ?? '');
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** A folder that is removed by `removeFolders`. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'img-cli-'));
  folders.push(folder);
  return folder;
}

const folders: string[] = [];

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}
