// SPDX-License-Identifier: MIT
import type { LogFields, Logger } from '@img-build/interfaces';
import type { CommandIo } from '../command.ts';

/** Warnings always, everything else with `--debug`; all to stderr. */
export function createLogger(io: CommandIo, debug: boolean): Logger {
  const write = (level: string, message: string, fields: LogFields = {}): void => {
    const facts = Object.entries(fields).map(
      ([name, value]) => ` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    );
    io.say(`${level}: ${message}${debug ? facts.join('') : ''}`);
  };
  return {
    debug: (message, fields) => debug && write('DEBUG', message, fields),
    info: (message, fields) => debug && write('INFO', message, fields),
    warn: (message, fields) => write('WARNING', message, fields),
  };
}
