// SPDX-License-Identifier: MIT
import { marshal, toLlbPlatform } from '@img-build/llb';
import { type ImageConfig, normalizePlatform, type Platform } from '@img-build/oci';
import type { BuildPlan } from './build-plan.ts';
import { mainContext } from './contexts/main-context.ts';
import type { Lowering } from './lowering.ts';
import type { LoweredPlatform } from './options.ts';
import type { PlatformScope } from './platform-scope.ts';
import { proxyEnvOf } from './proxy-env.ts';
import { resolveBase } from './stages/base-image.ts';
import { refuseCycles } from './stages/cycles.ts';
import { lowerStages } from './stages/lower-stages.ts';
import { addTriggers } from './stages/onbuild-triggers.ts';
import type { Stage } from './stages/stage.ts';
import { createStageGraph, reachableFrom, targetStage } from './stages/stage-graph.ts';

/** Where what turns up along the way is put. */
export type Findings = Pick<Lowering, 'bases' | 'facts'>;

/** Lowers a file for one platform. */
export async function lowerPlatform(
  plan: BuildPlan,
  scope: PlatformScope,
  findings: Findings,
): Promise<LoweredPlatform> {
  const { target, lowering } = await lowerStagesOf(plan, scope, { findings });
  target.paths.add('/');
  return {
    platform: target.platform ?? lowering.targetPlatform,
    definition: marshal(target.state, { platform: toLlbPlatform(lowering.targetPlatform) }),
    config: finishConfig(target, lowering),
    baseHistory: target.baseConfig?.history?.length ?? 0,
    baseConfig: target.baseConfig,
  };
}

/** What is lowered: the target with what it needs, or all stages. */
export interface StageSelection {
  readonly findings: Findings;
  readonly all?: boolean | undefined;
}

/** Lowers stages for one platform; nothing is marshalled. */
export async function lowerStagesOf(
  plan: BuildPlan,
  scope: PlatformScope,
  { findings, all = false }: StageSelection,
): Promise<{ readonly target: Stage; readonly lowering: Lowering }> {
  const lowering = createLowering(plan, scope, findings);
  const target = targetStage(lowering.graph, plan.request.options.target);
  const roots = all ? lowering.graph.stages : [target];
  await resolveBases(roots, lowering);
  lowerStages(roots, lowering);
  return { target, lowering };
}

function createLowering(plan: BuildPlan, scope: PlatformScope, findings: Findings): Lowering {
  const { request, contexts, implicitPlatform, sourceFile, list } = plan;
  const { options } = request;
  const { escape } = plan.dockerfile;
  const { globals, buildArgs, targetPlatform, epoch } = scope;
  const noCache = options.noCache ?? false;
  const contextPaths = new Set<string>();
  return {
    ...findings,
    request,
    escape,
    buildArgs,
    globals,
    targetPlatform,
    implicitPlatform,
    multiPlatform: plan.multiPlatform,
    graph: createStageGraph(list, { globals, escape, noCache, contexts, targetPlatform }),
    context: mainContext(options, contextPaths),
    contextPaths,
    sourceFile,
    proxyEnv: proxyEnvOf(buildArgs),
    timestamp: epoch === undefined ? undefined : BigInt(epoch) * 1_000_000_000n,
  };
}

/** Resolves what the stages need; triggers of a base may need more, so this goes on until nothing new turns up. */
async function resolveBases(roots: readonly Stage[], lowering: Lowering): Promise<void> {
  for (let more = true; more; ) {
    more = false;
    const needed = reachableFrom(...roots);
    const outcomes = await Promise.allSettled([...needed].map((stage) => resolveBase(stage, lowering)));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    for (const stage of [...lowering.graph.stages, ...lowering.graph.images.values()]) {
      if (needed.has(stage) && addTriggers(stage, lowering.graph)) more = true;
    }
    if (more) refuseCycles(lowering.graph.stages);
  }
}

function finishConfig(target: Stage, { request, targetPlatform, implicitPlatform }: Lowering): ImageConfig {
  const { image } = target;
  const labels = request.options.labels ?? {};
  const config =
    Object.keys(labels).length === 0
      ? image.config
      : { ...image.config, Labels: { ...image.config.Labels, ...labels } };
  return { ...image, config, ...platformFields(image, implicitPlatform ? undefined : targetPlatform) };
}

/** A platform that was asked for is what the image says, whatever its base says. */
function platformFields(image: ImageConfig, asked: Platform | undefined): Partial<ImageConfig> {
  const sameMachine = asked?.os === image.os && asked.architecture === image.architecture;
  const keep = asked === undefined || sameMachine ? image : undefined;
  const variant = asked?.variant ?? keep?.variant;
  const osVersion = asked?.['os.version'] ?? keep?.['os.version'];
  const osFeatures = asked?.['os.features'] ?? image['os.features'];
  return normalizePlatform({
    os: asked?.os ?? image.os,
    architecture: asked?.architecture ?? image.architecture,
    ...(variant === undefined ? {} : { variant }),
    ...(osVersion === undefined ? {} : { 'os.version': osVersion }),
    ...(osFeatures === undefined ? {} : { 'os.features': osFeatures }),
  });
}
