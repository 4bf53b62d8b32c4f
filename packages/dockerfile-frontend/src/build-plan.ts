// SPDX-License-Identifier: MIT
import {
  type Dockerfile,
  describeDiagnostic,
  firstError,
  listStages,
  parse,
  type StageList,
} from '@img-build/dockerfile-parser';
import type { SourceFile } from '@img-build/llb';
import { normalizePlatform, type Platform } from '@img-build/oci';
import { type NamedContexts, namedContexts } from './contexts/named-contexts.ts';
import { applyAttributes } from './frontend-attributes.ts';
import { FrontendError } from './frontend-error.ts';
import { buildArg } from './global-args.ts';
import type { LowerOptions, LowerRequest } from './options.ts';
import { linesOf } from './stages/source-lines.ts';
import { checkSyntax } from './syntax-gate.ts';
import { parseGoBoolean } from './text/go-boolean.ts';

/** A request that has been read: what is the same for every platform. */
export interface BuildPlan {
  /** Attributes and build arguments that steer the build are in `options`. */
  readonly request: LowerRequest;
  readonly dockerfile: Dockerfile;
  readonly list: StageList;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly contexts: NamedContexts;
  readonly buildPlatform: Platform;
  /** At least one. */
  readonly targetPlatforms: readonly Platform[];
  /** Nobody asked for a platform: the base image may choose another one. */
  readonly implicitPlatform: boolean;
  /** The result is an index. */
  readonly multiPlatform: boolean;
  readonly sourceFile: SourceFile;
}

/**
 * Reads a request: the file is parsed, options are checked.
 *
 * @throws FrontendError
 */
export function planBuild(given: LowerRequest): BuildPlan {
  const request = readOptions(given);
  return planOf(request, parseChecked(request.text));
}

/**
 * The request with attributes and build arguments that steer the build read into its options.
 *
 * @throws FrontendError `OPTION_INVALID`, `DOCKERFILE_SYNTAX_FOREIGN`
 */
export function readOptions(given: LowerRequest): LowerRequest {
  const options = steeredOptions(applyAttributes(given.options));
  checkSyntax(given.text, options.buildArgs ?? {});
  return { ...given, options };
}

/**
 * The plan for a file that was parsed, also one with errors.
 *
 * @param request - from {@link readOptions}.
 * @throws FrontendError `OPTION_INVALID`, `CONTEXT_INVALID`
 */
export function planOf(request: LowerRequest, dockerfile: Dockerfile): BuildPlan {
  const { text, name, options } = request;
  const asked = (options.platforms ?? []).map(normalizePlatform);
  const buildPlatform = normalizePlatform(options.buildPlatform);
  return {
    request,
    dockerfile,
    list: listStages(dockerfile),
    buildArgs: options.buildArgs ?? {},
    contexts: namedContexts(options.contexts),
    buildPlatform,
    targetPlatforms: asked.length === 0 ? [buildPlatform] : asked,
    implicitPlatform: asked.length === 0,
    multiPlatform: wantsIndex(options, asked.length),
    sourceFile: { filename: name, data: Buffer.from(text), language: 'Dockerfile' },
  };
}

/** Build arguments that stand for options. */
function steeredOptions(options: LowerOptions): LowerOptions {
  const hostname = buildArg(options.buildArgs ?? {}, 'BUILDKIT_SANDBOX_HOSTNAME');
  return hostname === undefined || hostname === '' ? options : { ...options, hostname };
}

function wantsIndex({ buildArgs = {}, multiPlatform }: LowerOptions, platforms: number): boolean {
  const text = buildArg(buildArgs, 'BUILDKIT_MULTI_PLATFORM') ?? '';
  const wish = text === '' ? multiPlatform : parseGoBoolean(text);
  if (text !== '' && wish === undefined) {
    throw new FrontendError(`invalid boolean value for BUILDKIT_MULTI_PLATFORM: ${text}`, {
      code: 'OPTION_INVALID',
      hint: 'write true or false',
    });
  }
  if (wish === false && platforms > 1) {
    throw new FrontendError('conflicting config: returning multiple target platforms is not allowed', {
      code: 'OPTION_INVALID',
      hint: 'several platforms always give an index: ask for one platform, or remove BUILDKIT_MULTI_PLATFORM',
    });
  }
  return wish ?? platforms > 1;
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
