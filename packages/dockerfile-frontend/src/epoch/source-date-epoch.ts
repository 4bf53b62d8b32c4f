// SPDX-License-Identifier: MIT
import type { SourceIdentifier } from '@img-build/interfaces';
import type { State } from '@img-build/llb';
import type { Platform } from '@img-build/oci';
import type { BuildPlan } from '../build-plan.ts';
import { loadContext } from '../contexts/load-context.ts';
import { mainContext } from '../contexts/main-context.ts';
import { onlySource } from '../contexts/only-source.ts';
import type { Environment } from '../environment.ts';
import { FrontendError } from '../frontend-error.ts';
import { epochStageSource } from './epoch-stage.ts';

/** The build argument, and the ARG of the global scope, that sets the time of what a build makes. */
export const EPOCH = 'SOURCE_DATE_EPOCH';

/** What the words of SOURCE_DATE_EPOCH are looked up in. */
export interface EpochScope {
  readonly plan: BuildPlan;
  readonly targetPlatform: Platform;
  /** Variables of the global scope without SOURCE_DATE_EPOCH itself. */
  readonly globals: Environment;
}

/** A source whose time is wanted, and what the question is called. */
interface TimedSource {
  readonly state: State;
  readonly name: string;
}

/**
 * Seconds since the Unix epoch that SOURCE_DATE_EPOCH stands for: a number of them, `context` for the main context, the
 * name of a named context, or that of a stage with one remote ADD. Empty, and a folder, stand for nothing.
 *
 * @throws FrontendError `OPTION_INVALID`; what asking for the source's time throws
 */
export async function resolveEpoch(text: string, scope: EpochScope): Promise<number | undefined> {
  if (text === '') return undefined;
  if (/^[+-]?\d+$/.test(text)) return secondsOf(text);
  const source = await namedSource(text, scope);
  if (source === undefined) {
    throw new FrontendError(`invalid SOURCE_DATE_EPOCH: ${text}`, {
      code: 'OPTION_INVALID',
      hint: 'write seconds since 1970, like $(git log -1 --pretty=%ct), or context, or the name of a context or stage',
    });
  }
  const identifier = onlySource(source.state, scope.targetPlatform);
  // An image is not of one time, and what a folder's files say is nothing to rely on.
  if (identifier === undefined || !/^(?:git|https?):/i.test(identifier.identifier)) return undefined;
  return await timeOf(identifier, source.name, scope);
}

/** The value that `ARG SOURCE_DATE_EPOCH` gives a stage; `undefined` without a time. */
export function epochText(epoch: number | undefined): string | undefined {
  return epoch === undefined ? undefined : String(epoch);
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (Number.isSafeInteger(seconds * 1000)) return seconds;
  throw new FrontendError(`invalid SOURCE_DATE_EPOCH: ${text} is out of range`, { code: 'OPTION_INVALID' });
}

async function namedSource(word: string, scope: EpochScope): Promise<TimedSource | undefined> {
  const { plan, targetPlatform } = scope;
  if (word === 'context') {
    return {
      state: mainContext(plan.request.options, new Set()),
      name: '[internal] resolve main build context metadata',
    };
  }
  const context = plan.contexts.find(word, targetPlatform);
  if (context !== undefined) {
    const { request } = plan;
    const { state } = await loadContext(context, { request, platform: targetPlatform, paths: new Set() });
    return { state, name: `[internal] resolve SOURCE_DATE_EPOCH named context ${word}` };
  }
  const stage = plan.list.stages.find(({ from }) => from.name === word.toLowerCase());
  if (stage === undefined) return undefined;
  return {
    state: epochStageSource(stage, scope),
    name: `[internal] resolve SOURCE_DATE_EPOCH source stage ${word}`,
  };
}

async function timeOf(
  source: SourceIdentifier,
  name: string,
  { plan }: EpochScope,
): Promise<number | undefined> {
  const { sourceTime, observe, signal } = plan.request;
  if (sourceTime === undefined) {
    throw new FrontendError('SOURCE_DATE_EPOCH names a source whose time cannot be asked for here', {
      code: 'FEATURE_UNSUPPORTED',
      hint: 'write a number of seconds since 1970',
    });
  }
  const work = (): Promise<number | undefined> => sourceTime(source, { signal });
  const time = observe === undefined ? await work() : await observe(name, work);
  return time === undefined ? undefined : Math.floor(time);
}
