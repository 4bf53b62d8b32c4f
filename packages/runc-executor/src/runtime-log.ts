// SPDX-License-Identifier: MIT
import { ExecutorError } from './executor-error.ts';

const NOT_FOUND =
  /executable file\b.*\bnot found|(?:^|: )exec:? .*no such file or directory|open executable: no such file or directory/i;

/**
 * The runtime's own failure, from its JSON log: a runtime that could not start a command ends with the same code as a
 * command that failed, but only then writes errors.
 */
export function startFailure(log: string, command: string): ExecutorError | undefined {
  const errors = log.split('\n').flatMap((line) => {
    const entry = parseLine(line);
    return entry?.level === 'error' && typeof entry.msg === 'string' ? [entry.msg.trim()] : [];
  });
  const message = errors.at(-1);
  if (message === undefined) return undefined;
  if (NOT_FOUND.test(message)) {
    return new ExecutorError(`${command}: not found in the container (${message})`, {
      code: 'EXECUTOR_COMMAND_NOT_FOUND',
    });
  }
  return new ExecutorError(`the container could not be started: ${message}`, {
    code: 'EXECUTOR_START_FAILED',
  });
}

function parseLine(line: string): { readonly level?: unknown; readonly msg?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
