// SPDX-License-Identifier: MIT
import type { AddInstruction, ArgInstruction, Stage } from '@img-build/dockerfile-parser';
import { http, type State } from '@img-build/llb';
import { fileNameOf } from '../contexts/file-name.ts';
import { gitState, parseGitAddress } from '../contexts/git-address.ts';
import type { Environment } from '../environment.ts';
import { expand } from '../expansion.ts';
import { FrontendError } from '../frontend-error.ts';
import { buildArg } from '../global-args.ts';
import { at } from '../stages/place.ts';
import { linesOf } from '../stages/source-lines.ts';
import type { EpochScope } from './source-date-epoch.ts';

/**
 * The source of a stage that exists to name one: FROM scratch, ARGs, and exactly one ADD of a repository or download.
 *
 * @throws FrontendError `OPTION_INVALID` for any other stage
 */
export function epochStageSource(stage: Stage, scope: EpochScope): State {
  return at(linesOf(stage.from.range), () => readStage(stage, scope));
}

function readStage({ from, instructions }: Stage, { plan, globals }: EpochScope): State {
  const { escape } = plan.dockerfile;
  if (expand(from.base.value, globals, escape) !== 'scratch') throw invalid('must use FROM scratch');
  const environment = globals.copy();
  let source: State | undefined;
  for (const instruction of instructions) {
    if (instruction.kind === 'arg') {
      setArgs(instruction, environment, plan);
    } else if (instruction.kind === 'add' && source === undefined) {
      source = sourceOf(instruction, environment, plan);
    } else {
      throw instruction.kind === 'add'
        ? invalid('must contain exactly one remote ADD')
        : invalid(`does not meet source-only requirements: unsupported ${instruction.kind} instruction`);
    }
  }
  if (source === undefined) throw invalid('must contain exactly one remote ADD');
  return source;
}

type Plan = EpochScope['plan'];

function setArgs(
  { declarations }: ArgInstruction,
  environment: Environment,
  { buildArgs, dockerfile }: Plan,
): void {
  for (const { name, value } of declarations) {
    const given =
      buildArg(buildArgs, name.value) ??
      (value === null ? undefined : expand(value.value, environment, dockerfile.escape));
    if (given !== undefined) environment.set(name.value, given);
  }
}

function sourceOf(add: AddInstruction, environment: Environment, { dockerfile }: Plan): State {
  const [only, ...others] = add.sources;
  if (only?.type !== 'path' || others.length > 0) throw invalid('must contain exactly one remote ADD source');
  const address = expand(only.value, environment, dockerfile.escape);
  const written = add.checksum === null ? '' : expand(add.checksum.value, environment, dockerfile.escape);
  const checksum = written === '' ? undefined : written;
  const repository = parseGitAddress(address, { known: add.keepGitDir !== null });
  if (repository !== undefined) {
    return gitState(repository, {
      keepGitDirectory: repository.keepGitDirectory ?? add.keepGitDir ?? undefined,
      checksum: checksum ?? repository.checksum,
    });
  }
  if (/^https?:\/\//.test(address)) return http(address, { filename: fileNameOf(address), checksum });
  throw invalid('source must be a single HTTP(S) or Git ADD');
}

function invalid(message: string): FrontendError {
  return new FrontendError(`SOURCE_DATE_EPOCH stage ${message}`, { code: 'OPTION_INVALID' });
}
