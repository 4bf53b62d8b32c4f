// SPDX-License-Identifier: MIT
import {
  type Dockerfile,
  describeDiagnostic,
  firstError,
  listStages,
  parse,
  type StageList,
} from '@img-build/dockerfile-parser';
import type { SourceRange } from '@img-build/interfaces';
import type { SourceFile } from '@img-build/llb';
import { type Digest, normalizePlatform, type Platform } from '@img-build/oci';
import { namedContexts } from './contexts/named-contexts.ts';
import type { Environment } from './environment.ts';
import { FrontendError } from './frontend-error.ts';
import { buildArg, globalArgs } from './global-args.ts';
import { lowerPlatform } from './lower-platform.ts';
import type { FrontendWarning, LoweredPlatform, LowerRequest, LowerResult, ResolvedBase } from './options.ts';
import { proxyEnvOf } from './proxy-env.ts';
import { at } from './stages/place.ts';
import { linesOf } from './stages/source-lines.ts';
import { checkSyntax } from './syntax-gate.ts';

/**
 * Turns a Dockerfile into one graph and one image config per platform. Executes nothing; asks the resolver only about
 * images that the target needs, all at once.
 *
 * @throws FrontendError with the lines it is about; the signal's reason
 */
export async function lowerDockerfile(request: LowerRequest): Promise<LowerResult> {
  request.signal?.throwIfAborted();
  try {
    return await lower(request);
  } catch (error) {
    throw error instanceof FrontendError && error.file === undefined ? withFile(error, request.name) : error;
  }
}

async function lower(request: LowerRequest): Promise<LowerResult> {
  const { options, text, name } = request;
  const buildArgs = options.buildArgs ?? {};
  checkSyntax(text, buildArgs);
  const dockerfile = parseChecked(text);
  const list = listStages(dockerfile);
  const asked = (options.platforms ?? []).map(normalizePlatform);
  const buildPlatform = normalizePlatform(options.buildPlatform);
  const targets = asked.length === 0 ? [buildPlatform] : asked;
  const multiPlatform = targets.length > 1;
  const sourceFile: SourceFile = { filename: name, data: Buffer.from(text), language: 'Dockerfile' };
  const contexts = namedContexts(options.contexts);
  const warnings = parserWarnings(dockerfile);
  const bases: ResolvedBase[] = [];
  const epochs: (number | undefined)[] = [];
  const lowerFor = (targetPlatform: Platform, first: boolean): Promise<LoweredPlatform> => {
    const globals = globalsFor(list, {
      dockerfile,
      buildArgs,
      buildPlatform,
      targetPlatform,
      target: options.target,
    });
    const epoch = sourceDateEpoch(
      buildArg(buildArgs, 'SOURCE_DATE_EPOCH') ?? globals.get('SOURCE_DATE_EPOCH'),
    );
    epochs.push(epoch);
    return lowerPlatform({
      request,
      list,
      globals,
      escape: dockerfile.escape,
      buildArgs,
      contexts,
      targetPlatform,
      implicitPlatform: asked.length === 0,
      multiPlatform,
      sourceFile,
      proxyEnv: proxyEnvOf(buildArgs),
      timestamp: epoch === undefined ? undefined : BigInt(epoch) * 1_000_000_000n,
      bases,
      // Every platform would warn about the same; one is enough.
      warn: (warning) => void (first && warnings.push(warning)),
    });
  };
  const outcomes = await Promise.allSettled(
    targets.map(async (platform, index) => lowerFor(platform, index === 0)),
  );
  const platforms = outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
  return {
    platforms,
    multiPlatform: multiPlatform || buildArg(buildArgs, 'BUILDKIT_MULTI_PLATFORM') !== undefined,
    warnings,
    bases,
    sourceDateEpoch: epochs[0],
    locationOf: (vertex) => locationOf(platforms, vertex),
  };
}

function parseChecked(text: string): Dockerfile {
  const dockerfile = parse(text);
  const problem = firstError(dockerfile.diagnostics);
  if (problem === null) return dockerfile;
  throw new FrontendError(describeDiagnostic(problem), {
    code: 'DOCKERFILE_INVALID',
    ranges: [linesOf(problem.context)],
  });
}

function parserWarnings({ diagnostics }: Dockerfile): FrontendWarning[] {
  return diagnostics
    .filter(({ severity }) => severity === 'warning')
    .map(({ code, message, context }) => ({ rule: ruleName(code), message, range: linesOf(context) }));
}

/** `EMPTY_CONTINUATION` is reported under the name of its lint rule. */
function ruleName(code: string): string {
  return code === 'EMPTY_CONTINUATION' ? 'NoEmptyContinuation' : code;
}

interface GlobalSources {
  readonly dockerfile: Dockerfile;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly buildPlatform: Platform;
  readonly targetPlatform: Platform;
  readonly target: string | undefined;
}

function globalsFor(
  list: StageList,
  { dockerfile, buildArgs, buildPlatform, targetPlatform, target }: GlobalSources,
): Environment {
  const [first] = list.globalArgs;
  const targetName = target === undefined || target === '' ? (list.stages.at(-1)?.from.name ?? '') : target;
  const make = (): Environment =>
    globalArgs(list.globalArgs, {
      buildPlatform,
      targetPlatform,
      targetStage: targetName,
      buildArgs,
      escape: dockerfile.escape,
    });
  return first === undefined ? make() : at(linesOf(first.range), make);
}

function sourceDateEpoch(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const epoch = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(epoch)) return epoch;
  throw new FrontendError(
    `invalid SOURCE_DATE_EPOCH ${JSON.stringify(text)}: only seconds since 1970 are supported`,
    {
      code: 'FEATURE_UNSUPPORTED',
      hint: 'write the number of seconds, like SOURCE_DATE_EPOCH=$(git log -1 --pretty=%ct)',
    },
  );
}

function locationOf(platforms: readonly LoweredPlatform[], vertex: Digest): SourceRange | undefined {
  for (const { definition } of platforms) {
    const range = definition.source?.locations[vertex]?.locations[0]?.ranges[0];
    if (range !== undefined) return { startLine: range.start.line, endLine: range.end.line };
  }
  return undefined;
}

function withFile(error: FrontendError, file: string): FrontendError {
  const { message, code, hint, cause, ranges } = error;
  return new FrontendError(message, { code, hint, ranges, file, ...(cause === undefined ? {} : { cause }) });
}
