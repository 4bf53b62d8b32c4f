// SPDX-License-Identifier: MIT
import type { Platform } from '@img-build/oci';
import type { BuildPlan } from './build-plan.ts';
import type { Environment } from './environment.ts';
import { EPOCH, epochText, resolveEpoch } from './epoch/source-date-epoch.ts';
import { buildArg, globalArgs } from './global-args.ts';
import type { OutlinedArg } from './subrequests/stage-outline.ts';

/** What one platform's build starts with. */
export interface PlatformScope {
  readonly targetPlatform: Platform;
  /** Variables of the global scope. */
  readonly globals: Environment;
  /** ARGs above the first FROM, by name. */
  readonly globalArgs: ReadonlyMap<string, OutlinedArg>;
  readonly buildArgs: Readonly<Record<string, string>>;
  /** Seconds since the Unix epoch, when SOURCE_DATE_EPOCH has a value. */
  readonly epoch: number | undefined;
}

/**
 * The variables of the global scope; SOURCE_DATE_EPOCH has become a number of seconds, or is gone.
 *
 * @throws FrontendError `EXPANSION_INVALID`, `OPTION_INVALID`
 */
export async function platformScope(plan: BuildPlan, targetPlatform: Platform): Promise<PlatformScope> {
  const { list, request, buildPlatform, dockerfile } = plan;
  const { target = '' } = request.options;
  const { variables: globals, declared } = globalArgs(list.globalArgs, {
    buildPlatform,
    targetPlatform,
    targetStage: target === '' ? (list.stages.at(-1)?.from.name ?? '') : target,
    buildArgs: plan.buildArgs,
    escape: dockerfile.escape,
  });
  const given = buildArg(plan.buildArgs, EPOCH);
  const written = given ?? globals.get(EPOCH) ?? '';
  const withoutEpoch = globals.copy();
  withoutEpoch.replace(EPOCH, undefined);
  const epoch = await resolveEpoch(written, { plan, targetPlatform, globals: withoutEpoch });
  const { [EPOCH]: _, ...otherArgs } = plan.buildArgs;
  const text = epochText(epoch);
  globals.replace(EPOCH, text);
  return {
    targetPlatform,
    globalArgs: declared,
    epoch,
    globals,
    buildArgs:
      given === undefined ? plan.buildArgs : text === undefined ? otherArgs : { ...otherArgs, [EPOCH]: text },
  };
}
