// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import {
  checkDockerfile,
  formatOutline,
  formatTargets,
  outlineOf,
  targetsOf,
} from '@img-build/dockerfile-frontend';
import {
  formatLintGithub,
  formatLintJson,
  formatLintSarif,
  formatLintText,
  type LintResult,
} from '@img-build/dockerfile-parser';
import type { CommandIo } from '../command.ts';
import { VERSION } from '../version.ts';
import type { Services } from '../wiring/services.ts';
import type { BuildInput } from './build-input.ts';
import type { BuildCommandRequest } from './build-request.ts';
import { lowerRequestFrom, openImages } from './lower-request.ts';
import type { BuildProgress } from './progress.ts';

/** One question about a Dockerfile. */
export interface CallOptions {
  readonly request: BuildCommandRequest;
  readonly input: BuildInput;
  readonly services: Services;
  readonly io: CommandIo;
  readonly progress: BuildProgress;
  readonly signal: AbortSignal;
}

/**
 * Answers `--call` on stdout. Nothing is built.
 *
 * @returns the exit code: 1 when a check has found something
 * @throws FrontendError for a file or options that leave nothing to answer
 */
export async function runCall(options: CallOptions): Promise<number> {
  const { request, services, io, progress } = options;
  const question = lowerRequestFrom({ ...options, images: await openImages(request, services) });
  const { method, format } = request.call;
  const answer = (text: string): void => {
    progress.finish();
    io.stdout.write(text);
  };
  if (method === 'check') {
    const result = await checkDockerfile(question);
    answer(formatCheck(result, options));
    return result.findings.length > 0 || result.buildError !== null ? 1 : 0;
  }
  if (method === 'outline') {
    const outline = await outlineOf(question);
    answer(format === 'json' ? json(outline) : formatOutline(outline));
  } else {
    const targets = targetsOf(question);
    answer(format === 'json' ? json(targets) : formatTargets(targets));
  }
  return 0;
}

function formatCheck(result: LintResult, { request, input }: CallOptions): string {
  const { text, name } = input.dockerfile;
  switch (request.call.format) {
    case 'json':
      return formatLintJson(result, { text, name });
    case 'sarif':
      return formatLintSarif(
        result,
        { text, name: pathOf(request, name) },
        { name: 'img', version: VERSION },
      );
    case 'github':
      return formatLintGithub(result, { text, name: pathOf(request, name) });
    default:
      return formatLintText(result, { text, name });
  }
}

/** Path of the Dockerfile from here: tools that show findings beside the lines look for the file under it. */
function pathOf({ context, file }: BuildCommandRequest, name: string): string {
  if (file === '-' || context === '-') return name;
  const folder = existsSync(context) ? context : '.';
  return relative('.', file === undefined ? join(folder, name) : resolve(file)) || name;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
