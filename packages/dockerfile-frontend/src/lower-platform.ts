// SPDX-License-Identifier: MIT
import type { StageList } from '@img-build/dockerfile-parser';
import { marshal, type SourceFile, toLlbPlatform } from '@img-build/llb';
import { type ImageConfig, normalizePlatform, type Platform } from '@img-build/oci';
import { mainContext } from './contexts/main-context.ts';
import type { Environment } from './environment.ts';
import type { Lowering } from './lowering.ts';
import type { LoweredPlatform } from './options.ts';
import { resolveBase } from './stages/base-image.ts';
import { refuseCycles } from './stages/cycles.ts';
import { lowerStages } from './stages/lower-stages.ts';
import { addTriggers } from './stages/onbuild-triggers.ts';
import type { Stage } from './stages/stage.ts';
import { createStageGraph, reachableFrom, targetStage } from './stages/stage-graph.ts';

/** What all platforms of a build share, and the one platform's own variables. */
export interface PlatformRequest extends Omit<Lowering, 'graph' | 'context' | 'contextPaths' | 'globals'> {
  readonly list: StageList;
  readonly globals: Environment;
  readonly sourceFile: SourceFile;
}

/** Lowers a file for one platform. */
export async function lowerPlatform(request: PlatformRequest): Promise<LoweredPlatform> {
  const { options } = request.request;
  const contextPaths = new Set<string>();
  const graph = createStageGraph(request.list, {
    globals: request.globals,
    escape: request.escape,
    noCache: options.noCache ?? false,
    contexts: request.contexts,
    targetPlatform: request.targetPlatform,
  });
  const lowering: Lowering = {
    ...request,
    graph,
    contextPaths,
    context: mainContext(options, contextPaths),
  };
  const target = targetStage(graph, options.target);
  await resolveBases(target, lowering);
  lowerStages(target, lowering);
  target.paths.add('/');
  return {
    platform: target.platform ?? lowering.targetPlatform,
    definition: marshal(target.state, { platform: toLlbPlatform(lowering.targetPlatform) }),
    config: finishConfig(target, lowering),
    baseHistory: target.baseConfig?.history?.length ?? 0,
    baseConfig: target.baseConfig,
  };
}

/** Resolves what the target needs; triggers of a base may need more, so this goes on until nothing new turns up. */
async function resolveBases(target: Stage, lowering: Lowering): Promise<void> {
  for (let more = true; more; ) {
    more = false;
    const needed = reachableFrom(target);
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
