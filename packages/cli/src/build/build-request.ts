// SPDX-License-Identifier: MIT
import type { LowerOptions } from '@img-build/dockerfile-frontend';
import type { Annotation } from '@img-build/exporters';
import { formatReference, type Platform, parsePlatform, parseReference } from '@img-build/oci';
import type { ParsedArguments } from '../command.ts';
import {
  type MountExportSpec,
  type MountImportSpec,
  parseMountExport,
  parseMountImport,
} from '../mounts/mount-place-spec.ts';
import { UsageError } from '../usage-error.ts';
import { type CacheRequest, cacheRequestFrom } from './cache/cache-request.ts';
import { parseAddHost } from './flags/add-host.ts';
import { parseAnnotation } from './flags/annotation.ts';
import { cacheName } from './flags/cache-name.ts';
import { type CallSpec, parseCallSpec } from './flags/call-spec.ts';
import { parseEntitlement } from './flags/entitlement.ts';
import { parseNetworkMode } from './flags/network-mode.ts';
import { readPairs } from './flags/pairs.ts';
import { type ProgressMode, progressMode } from './flags/progress-mode.ts';
import { parseSecretSpec, type SecretSpec } from './flags/secret-spec.ts';
import { parseShmSize } from './flags/shm-size.ts';
import { parseSshSpec, type SshSpec } from './flags/ssh-spec.ts';
import { parseUlimit } from './flags/ulimit.ts';
import { type OutputSpec, outputsFrom, pushes, writesToStdout } from './output-spec.ts';

/** What the user asked `img build` for, as plain data. */
export interface BuildCommandRequest {
  readonly context: string;
  readonly file: string | undefined;
  /** Values of `--build-context`, by name. */
  readonly contexts: Readonly<Record<string, string>>;
  /** Normalised. */
  readonly names: readonly string[];
  readonly outputs: readonly OutputSpec[];
  readonly annotations: readonly Annotation[];
  /** What the frontend is told, without what it is told about contexts. */
  readonly lowerOptions: Omit<LowerOptions, 'buildPlatform'>;
  /** Caches to read and to write besides that of this machine. */
  readonly cache: CacheRequest | undefined;
  readonly secrets: readonly SecretSpec[];
  readonly ssh: readonly SshSpec[];
  /** Where cache mounts are restored from, the first that has one. */
  readonly mountImports: readonly MountImportSpec[];
  /** Where cache mounts are saved to. */
  readonly mountExports: readonly MountExportSpec[];
  readonly call: CallSpec;
  readonly progress: ProgressMode;
  /** Print the id of the image, and nothing else. */
  readonly quiet: boolean;
  readonly imageIdFile: string | undefined;
  readonly metadataFile: string | undefined;
  /** Say of every step why it was executed. */
  readonly explain: boolean;
  /** Stages whose steps have to be found in the cache; an empty list means all. */
  readonly expectCached: readonly string[] | undefined;
  /** Names of the caches of `--cache-from`, for explanations. */
  readonly importedCaches: readonly string[];
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
  const call = callFrom(args);
  const outputs = outputsFrom({
    specs: args.list('output'),
    push: args.is('push'),
    load: args.is('load'),
  });
  if (call.method === 'build' && stdoutIsTerminal && outputs.some(writesToStdout)) {
    throw new UsageError(
      'refusing to write an archive to a terminal',
      'add dest=FILE to the output, or redirect stdout',
    );
  }
  const names = namesFrom(args, outputs);
  if (names.length === 0 && outputs.some(pushes))
    throw new UsageError('tag is needed when pushing to registry', 'name the image with -t');
  const lowerOptions = lowerOptionsFrom(args, env, platform);
  return {
    context: args.positionals[0] ?? '.',
    file: args.text('file'),
    contexts: contextsFrom(args),
    names,
    outputs,
    annotations: args.list('annotation').flatMap(parseAnnotation),
    lowerOptions,
    cache: cacheRequestFrom(args, lowerOptions.buildArgs ?? {}),
    secrets: unique(
      'secret',
      args.list('secret').map((text) => parseSecretSpec(text, env)),
    ),
    ssh: unique('ssh', args.list('ssh').map(parseSshSpec)),
    mountImports: args.list('cache-mount-from').map((text) => parseMountImport(text)),
    mountExports: args.list('cache-mount-to').map((text) => parseMountExport(text)),
    call,
    progress: progressMode({
      flag: args.text('progress'),
      quiet: args.is('quiet'),
      noConsole: args.is('no-console'),
      env,
    }),
    quiet: args.is('quiet'),
    imageIdFile: args.text('iidfile'),
    metadataFile: args.text('metadata-file'),
    explain: args.is('explain'),
    expectCached: expectedFrom(args),
    importedCaches: args.list('cache-from').map(cacheName),
  };
}

function expectedFrom(args: ParsedArguments): readonly string[] | undefined {
  const given = args.list('expect-cached');
  if (given.length === 0) return undefined;
  const names = given.map((list) => list.split(',').map((name) => name.trim()));
  // Without names it means all stages, whatever else is named.
  return names.some((list) => list.every((name) => name === ''))
    ? []
    : names.flat().filter((name) => name !== '');
}

function callFrom(args: ParsedArguments): CallSpec {
  const text = args.text('call');
  const call = text === undefined ? undefined : parseCallSpec(text);
  if (!args.is('check')) return call ?? { method: 'build', format: 'text' };
  if (call !== undefined && call.method !== 'check')
    throw new UsageError(`--check and --call=${call.method} cannot be used together`);
  return call ?? { method: 'check', format: 'text' };
}

function lowerOptionsFrom(
  args: ParsedArguments,
  env: NodeJS.ProcessEnv,
  platform: Platform,
): BuildCommandRequest['lowerOptions'] {
  const network = args.text('network');
  const shmSize = args.text('shm-size');
  const mode = network === undefined ? undefined : parseNetworkMode(network);
  return {
    target: args.text('target'),
    buildArgs: { ...epochFrom(env), ...readPairs('build-arg', args.list('build-arg'), (name) => env[name]) },
    labels: readPairs('label', args.list('label'), () => ''),
    platforms: platformsGiven(args, env)
      .flatMap((list) => list.split(',').map((text) => text.trim()))
      .map((text) => (text === 'local' ? platform : parsePlatform(text))),
    noCache: noCacheFrom(args),
    pull: args.is('pull') ? 'always' : 'default',
    network: mode === 'default' ? undefined : mode,
    // Who names the host's network for all steps need not allow it besides.
    entitlements: [...args.list('allow').map(parseEntitlement), ...(mode === 'host' ? ['network.host'] : [])],
    extraHosts: args.list('add-host').map(parseAddHost),
    ulimits: args.list('ulimit').map(parseUlimit),
    shmSize: shmSize === undefined ? undefined : parseShmSize(shmSize),
    cgroupParent: args.text('cgroup-parent'),
    attributes: attributesFrom(args),
  };
}

/** Docker's variable is the default of its flag. */
function platformsGiven(args: ParsedArguments, env: NodeJS.ProcessEnv): readonly string[] {
  const given = args.list('platform');
  const fallback = env['DOCKER_DEFAULT_PLATFORM'] ?? '';
  return given.length > 0 || fallback === '' ? given : [fallback];
}

function noCacheFrom(args: ParsedArguments): boolean | readonly string[] {
  const stages = args
    .list('no-cache-filter')
    .flatMap((list) => list.split(','))
    .map((stage) => stage.trim())
    .filter((stage) => stage !== '');
  if (stages.length === 0) return args.is('no-cache');
  if (args.is('no-cache')) throw new UsageError('--no-cache and --no-cache-filter cannot be used together');
  return stages;
}

function contextsFrom(args: ParsedArguments): Readonly<Record<string, string>> {
  for (const text of args.list('build-context')) {
    if (/^[^=]+=./.test(text)) continue;
    throw new UsageError(
      `invalid context value ${JSON.stringify(text)}: expected key=value`,
      'write --build-context NAME=VALUE',
    );
  }
  return readPairs('build-context', args.list('build-context'), () => undefined);
}

/** Attributes as BuildKit's frontend calls them; which ones there are is for the frontend to say. */
function attributesFrom(args: ParsedArguments): Readonly<Record<string, string>> {
  const bare = args.list('opt').find((text) => !text.includes('='));
  if (bare !== undefined)
    throw new UsageError(`invalid opt value ${JSON.stringify(bare)}`, 'write --opt NAME=VALUE');
  const attributes = readPairs('opt', args.list('opt'), () => undefined);
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [ATTRIBUTE_ALIASES[name] ?? name, value]),
  );
}

/** Attributes that BuildKit's exporters read, under names of the frontend. */
const ATTRIBUTE_ALIASES: Readonly<Record<string, string>> = {
  'source-date-epoch': 'build-arg:SOURCE_DATE_EPOCH',
};

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

/** One id stands for one thing. */
function unique<T extends { readonly id: string }>(flag: string, specs: readonly T[]): readonly T[] {
  const ids = specs.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new UsageError(`--${flag} ${twice} is given twice`);
  return specs;
}
