// SPDX-License-Identifier: MIT
import { formatReference, type Platform, parsePlatform, parseReference } from '@img-build/oci';
import type { ParsedArguments } from '../command.ts';
import { UsageError } from '../usage-error.ts';
import { type OutputSpec, parseOutputSpec, writesToStdout } from './output-spec.ts';

/** What the user asked `img build` for, as plain data. */
export interface BuildCommandRequest {
  readonly context: string;
  readonly file: string | undefined;
  /** Normalised. */
  readonly names: readonly string[];
  readonly outputs: readonly OutputSpec[];
  readonly platforms: readonly Platform[];
  readonly target: string | undefined;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly noCache: boolean;
  readonly plainProgress: boolean;
}

/** What decides defaults. */
export interface RequestEnvironment {
  readonly env: NodeJS.ProcessEnv;
  readonly platform: Platform;
  readonly stdoutIsTerminal: boolean;
}

/** Reads the arguments of `img build`. @throws UsageError, OciError */
export function buildRequestFrom(
  args: ParsedArguments,
  { env, platform, stdoutIsTerminal }: RequestEnvironment,
): BuildCommandRequest {
  refuseCacheTransfer(args);
  const outputs = args.list('output').map(parseOutputSpec);
  if (stdoutIsTerminal && outputs.some(writesToStdout)) {
    throw new UsageError(
      'refusing to write an archive to a terminal',
      'add dest=FILE to the output, or redirect stdout',
    );
  }
  if (outputs.filter(writesToStdout).length > 1)
    throw new UsageError('only one output can be written to stdout');
  return {
    context: args.positionals[0] ?? '.',
    file: args.text('file'),
    names: namesFrom(args, outputs),
    outputs: outputs.length === 0 ? [{ type: 'image', dest: undefined, attributes: {} }] : outputs,
    platforms: args
      .list('platform')
      .flatMap((list) => list.split(',').map((text) => text.trim()))
      .map((text) => (text === 'local' ? platform : parsePlatform(text))),
    target: args.text('target'),
    buildArgs: { ...epochFrom(env), ...pairs('build-arg', args.list('build-arg'), (name) => env[name]) },
    labels: pairs('label', args.list('label'), () => ''),
    noCache: args.is('no-cache'),
    plainProgress: args.is('no-console'),
  };
}

function refuseCacheTransfer(args: ParsedArguments): void {
  const flag = ['cache-from', 'cache-to'].find((name) => args.list(name).length > 0);
  if (flag === undefined) return;
  throw new UsageError(
    `--${flag} is not yet supported`,
    'builds on one state directory share their cache without it',
  );
}

/** Names of `--tag` and those an output brings along (`type=image,name=…`). */
function namesFrom(args: ParsedArguments, outputs: readonly OutputSpec[]): readonly string[] {
  const given = [
    ...args.list('tag'),
    ...outputs.flatMap(({ attributes }) => attributes['name']?.split(',') ?? []),
  ];
  const names = given.map((name) => {
    const reference = parseReference(name);
    if (reference.digest !== undefined)
      throw new UsageError(`invalid tag ${JSON.stringify(name)}: a digest names content and cannot be given`);
    return formatReference(reference);
  });
  return [...new Set(names)];
}

/** A build can be made reproducible from outside, as other builders allow. @see https://reproducible-builds.org/specs/source-date-epoch/ */
function epochFrom(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const epoch = env['SOURCE_DATE_EPOCH'];
  return epoch === undefined || epoch === '' ? {} : { SOURCE_DATE_EPOCH: epoch };
}

/** `NAME=value`; `NAME` alone takes its value from `fallback`, and is left out where that has none. */
function pairs(
  flag: string,
  texts: readonly string[],
  fallback: (name: string) => string | undefined,
): Readonly<Record<string, string>> {
  const entries = texts.flatMap((text): [string, string][] => {
    const equals = text.indexOf('=');
    const name = equals < 0 ? text : text.slice(0, equals);
    if (name === '')
      throw new UsageError(`invalid ${flag} value ${JSON.stringify(text)}`, `write --${flag} NAME=VALUE`);
    const value = equals < 0 ? fallback(name) : text.slice(equals + 1);
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(entries);
}
