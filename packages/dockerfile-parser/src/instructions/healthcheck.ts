// SPDX-License-Identifier: MIT

import { readCommandForm } from '../argument-splitter.ts';
import type { Word } from '../ast.ts';
import { isSpace, quote, skipSpace } from '../characters.ts';
import { type FlagValues, readFlags } from '../flag-reader.ts';
import { parseDuration } from '../flag-values.ts';
import type { HealthcheckInstruction } from '../instruction.ts';
import { hasNoArguments, type InstructionSource, reportArgumentCount } from '../instruction-source.ts';

const FLAGS = {
  interval: 'string',
  timeout: 'string',
  'start-period': 'string',
  'start-interval': 'string',
  retries: 'string',
} as const;
type FlagName = keyof typeof FLAGS;

const MILLISECOND = 1_000_000;
const MAX_RETRIES = 2 ** 31 - 1;

/** `HEALTHCHECK NONE` or `HEALTHCHECK [flags] CMD command`. */
export function parseHealthcheck(source: InstructionSource): HealthcheckInstruction | null {
  if (hasNoArguments(source)) return reportArgumentCount(source, 'requires at least one argument');
  const { text, argumentsStart, argumentsEnd } = source;
  let typeEnd = argumentsStart;
  while (typeEnd < argumentsEnd && !isSpace(text.charCodeAt(typeEnd))) typeEnd++;
  const type = text.slice(argumentsStart, typeEnd).toUpperCase();
  const commandStart = skipSpace(text, typeEnd, argumentsEnd);
  if (type === 'NONE') return parseNone(source, commandStart);
  const command = readCommandForm(source, commandStart);
  const flags = command === null ? null : readFlags<FlagName>(source, FLAGS);
  if (command === null || flags === null) return null;
  if (type !== 'CMD') return reject(source, `Unknown type ${quote(type)} in HEALTHCHECK (try CMD)`);
  const empty = command.form === 'exec' ? command.args.length === 0 : command.text === '';
  if (empty) return reject(source, 'Missing command after HEALTHCHECK CMD');
  const interval = readInterval(source, flags, 'interval');
  const timeout = readInterval(source, flags, 'timeout');
  const startPeriod = readInterval(source, flags, 'start-period');
  const startInterval = readInterval(source, flags, 'start-interval');
  const retries = readRetries(source, flags.string('retries'));
  if (
    interval === null ||
    timeout === null ||
    startPeriod === null ||
    startInterval === null ||
    retries === null
  )
    return null;
  return {
    ...source.base,
    kind: 'healthcheck',
    command,
    interval,
    timeout,
    startPeriod,
    startInterval,
    retries,
  };
}

function parseNone(source: InstructionSource, restStart: number): HealthcheckInstruction | null {
  if (restStart < source.argumentsEnd) return reject(source, 'HEALTHCHECK NONE takes no arguments');
  const unset = { interval: 0, timeout: 0, startPeriod: 0, startInterval: 0, retries: 0 };
  return { ...source.base, kind: 'healthcheck', command: null, ...unset };
}

function readInterval(source: InstructionSource, flags: FlagValues<FlagName>, name: FlagName): number | null {
  const flag = flags.string(name);
  if (flag === null || flag.value === '') return 0;
  const duration = parseDuration(flag.value);
  if (duration === null) return reject(source, durationProblem(flag.value), flag);
  if (duration !== 0 && duration < MILLISECOND)
    return reject(source, `Interval ${quote(name)} cannot be less than 1ms`, flag);
  return duration;
}

function durationProblem(value: string): string {
  return /^[+-]?[\d.]+$/.test(value)
    ? `time: missing unit in duration ${quote(value)}`
    : `time: invalid duration ${quote(value)}`;
}

function readRetries(source: InstructionSource, flag: Word | null): number | null {
  if (flag === null || flag.value === '') return 0;
  if (!/^[+-]?\d+$/.test(flag.value))
    return reject(source, `strconv.ParseInt: parsing ${quote(flag.value)}: invalid syntax`, flag);
  const retries = Number(flag.value);
  if (Math.abs(retries) > MAX_RETRIES)
    return reject(source, `strconv.ParseInt: parsing ${quote(flag.value)}: value out of range`, flag);
  return retries < 0 ? reject(source, `--retries cannot be negative (${retries})`, flag) : retries;
}

function reject(source: InstructionSource, message: string, flag?: Word): null {
  source.report({
    code: 'HEALTHCHECK_INVALID',
    message,
    ...(flag === undefined ? {} : { range: flag.range }),
  });
  return null;
}
