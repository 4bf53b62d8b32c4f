// SPDX-License-Identifier: MIT
import { kill, pid } from 'node:process';
import { createInterface, type Interface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { CommandIo } from './command.ts';
import { UsageError } from './usage-error.ts';

/** Asks for a line on a terminal. @throws UsageError when the input ends instead */
export async function promptLine(
  { stdin, stderr }: CommandIo,
  question: string,
  signal: AbortSignal,
): Promise<string> {
  return (await ask(createInterface({ input: stdin, output: stderr }), question, signal)).trim();
}

/** Asks for a line on a terminal without showing what is typed. @throws UsageError when the input ends instead */
export async function promptHidden(
  { stdin, stderr }: CommandIo,
  question: string,
  signal: AbortSignal,
): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  // The terminal stops its echo before it is asked: what is typed at once stays hidden, too.
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true });
  stderr.write(question);
  try {
    return await ask(lines, '', signal);
  } finally {
    stderr.write('\n');
  }
}

async function ask(lines: Interface, question: string, signal: AbortSignal): Promise<string> {
  // While a line is edited the terminal sends Ctrl-C as a character: it is made the signal that it stands for.
  lines.on('SIGINT', () => kill(pid, 'SIGINT'));
  const ended = Promise.withResolvers<never>();
  lines.on('close', () => ended.reject(new UsageError('the input ended before an answer')));
  try {
    return await Promise.race([lines.question(question, { signal }), ended.promise]);
  } finally {
    lines.close();
  }
}
