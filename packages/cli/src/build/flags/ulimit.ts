// SPDX-License-Identifier: MIT
import type { Ulimit } from '@img-build/interfaces';
import { nearest } from '../../nearest.ts';
import { UsageError } from '../../usage-error.ts';

/** Limits of setrlimit(2), as docker names them. */
const NAMES = [
  'core',
  'cpu',
  'data',
  'fsize',
  'locks',
  'memlock',
  'msgqueue',
  'nice',
  'nofile',
  'nproc',
  'rss',
  'rtprio',
  'rttime',
  'sigpending',
  'stack',
] as const;

const UNLIMITED = -1;

/** Reads `NAME=SOFT[:HARD]`; -1 means no limit. @throws UsageError */
export function parseUlimit(text: string): Ulimit {
  const [, name = '', first = '', second] = /^([^=]*)=([^:]*)(?::(.*))?$/.exec(text) ?? [];
  if (name === '')
    throw new UsageError(`invalid ulimit argument: ${text}`, 'write --ulimit NAME=SOFT[:HARD]');
  if (!NAMES.some((each) => each === name)) {
    const near = nearest(name, NAMES);
    throw new UsageError(
      `invalid ulimit type: ${name}${near === undefined ? '' : ` (did you mean ${near}?)`}`,
    );
  }
  const soft = limitOf(text, first);
  const hard = second === undefined ? soft : limitOf(text, second);
  if (hard !== UNLIMITED && (soft > hard || soft === UNLIMITED))
    throw new UsageError(
      `ulimit soft limit must be less than or equal to hard limit: ${soft === UNLIMITED ? 'soft is unlimited' : soft} > ${hard}`,
    );
  return { name, soft, hard };
}

function limitOf(text: string, number: string): number {
  const value = Number(number);
  if (/^(-1|\d+)$/.test(number) && Number.isSafeInteger(value)) return value;
  throw new UsageError(`invalid ulimit argument: ${text}: ${JSON.stringify(number)} is not a number`);
}
