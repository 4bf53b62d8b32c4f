// SPDX-License-Identifier: MIT
import { suggest } from '@img-build/dockerfile-parser';
import { messageOf } from '@img-build/errors';
import type { ResolvedImageConfig } from '@img-build/interfaces';
import { image, scratch, toLlbPlatform } from '@img-build/llb';
import {
  formatPlatform,
  formatReference,
  type ImageConfig,
  normalizePlatform,
  type Platform,
  parseReference,
  type Reference,
  withDigest,
} from '@img-build/oci';
import { baseImageFacts } from '../checks/base-image-facts.ts';
import { loadContext } from '../contexts/load-context.ts';
import type { NamedContext } from '../contexts/named-contexts.ts';
import { FrontendError } from '../frontend-error.ts';
import { emptyImage, imageFromConfig } from '../image.ts';
import { type Lowering, locationIn } from '../lowering.ts';
import { stepName } from '../step-name.ts';
import { baseDescription } from '../step-origin.ts';
import { placed } from './place.ts';
import type { Stage } from './stage.ts';

const COMMON_IMAGES = ['alpine', 'busybox', 'centos', 'debian', 'fedora', 'golang', 'ubuntu'].flatMap(
  (name) => [name, `${name}:latest`],
);

/**
 * Resolves the image a stage starts from; for a stage that starts from another stage nothing is to be done.
 *
 * @throws FrontendError `BASE_INVALID`, `BASE_UNRESOLVED`; the signal's reason
 */
export async function resolveBase(stage: Stage, lowering: Lowering): Promise<void> {
  if (stage.resolved || stage.base !== undefined) return;
  stage.resolved = true;
  if (stage.context !== undefined) {
    await resolveContext(stage, stage.context, lowering);
  } else if (stage.baseName === 'scratch') {
    stage.state = scratch();
    stage.image = emptyImage(lowering.targetPlatform);
    stage.platform = lowering.targetPlatform;
  } else {
    await resolveImage(stage, lowering);
  }
  stage.done = stage.from === undefined;
}

async function resolveContext(stage: Stage, context: NamedContext, lowering: Lowering): Promise<void> {
  const platform = stage.platform ?? lowering.targetPlatform;
  const { request } = lowering;
  const loaded = await placed(stage.range, () =>
    loadContext(context, { request, platform, paths: stage.paths }),
  );
  const { config, base, state } = loaded;
  if (base !== undefined) lowering.bases.push(base);
  stage.baseConfig = config;
  stage.image = config === undefined ? emptyImage(platform) : imageFromConfig(config);
  stage.platform = stage.replaced && config !== undefined ? platformOfConfig(config) : platform;
  stage.state = state;
  if (stage.index >= 0)
    lowering.facts.set(stage.index, baseImageFacts(config ?? emptyImage(platform), platform));
}

async function resolveImage(stage: Stage, lowering: Lowering): Promise<void> {
  const reference = referenceOf(stage);
  const wanted = stage.platform ?? lowering.targetPlatform;
  const resolved = await ask(stage, reference, wanted, lowering);
  const { config } = resolved;
  const platform =
    stage.platform === undefined && lowering.implicitPlatform ? offeredPlatform(config, wanted) : wanted;
  const pinned = formatReference(withDigest(reference, resolved.digest));
  lowering.bases.push({ name: stage.baseName, reference: pinned, digest: resolved.digest, platform });
  stage.baseConfig = config;
  stage.image = imageFromConfig(config);
  stage.platform = platform;
  stage.state = isEmpty(config)
    ? scratch()
    : image(pinned, {
        platform: toLlbPlatform(platform),
        name: stepName(stage, `FROM ${pinned}`, lowering, { platform }),
        description:
          stage.from === undefined
            ? {}
            : {
                ...baseDescription(stage.from.original, lowering),
                'com.docker.dockerfile.v1.command': stage.from.original,
              },
        location: locationIn(lowering, stage.range),
        resolveMode: lowering.request.options.pull === 'always' ? 'pull' : 'default',
      });
  if (stage.index >= 0) lowering.facts.set(stage.index, baseImageFacts(config, platform));
}

function referenceOf(stage: Stage): Reference {
  try {
    return parseReference(stage.baseName);
  } catch (cause) {
    throw new FrontendError(
      `failed to parse stage name ${JSON.stringify(stage.baseName)}: ${messageOf(cause)}`,
      {
        code: 'BASE_INVALID',
        cause,
        ranges: [stage.range],
      },
    );
  }
}

async function ask(
  stage: Stage,
  reference: Reference,
  platform: Platform,
  lowering: Lowering,
): Promise<ResolvedImageConfig> {
  const { resolver, observe, signal } = lowering.request;
  const work = (): Promise<ResolvedImageConfig> =>
    resolver.resolveImageConfig(reference, platform, { signal });
  const prefix = lowering.multiPlatform ? `${formatPlatform(platform)} ` : '';
  try {
    if (observe === undefined) return await work();
    return await observe(`[${prefix}internal] load metadata for ${formatReference(reference)}`, work);
  } catch (cause) {
    signal?.throwIfAborted();
    const { byName, contextNames } = lowering.graph;
    const near = suggest(stage.baseName, [...byName.keys(), ...contextNames, ...COMMON_IMAGES]);
    throw new FrontendError(
      `${stage.baseName}: failed to resolve source metadata for ${formatReference(reference)}: ${messageOf(cause)}${near === null ? '' : ` (did you mean ${near}?)`}`,
      { code: 'BASE_UNRESOLVED', cause, ranges: [stage.range] },
    );
  }
}

/** An image without layers is as good as scratch. */
function isEmpty(config: ImageConfig): boolean {
  return (
    config.rootfs.diff_ids.length === 0 && (config.history ?? []).every((entry) => entry.empty_layer === true)
  );
}

/** Without a wish of the user, the platform of an image that exists for one other platform only. */
function offeredPlatform(config: ImageConfig, wanted: Platform): Platform {
  if (config.os === wanted.os && config.architecture === wanted.architecture) return wanted;
  if (config.os === '' || config.architecture === '') return wanted;
  return platformOfConfig(config);
}

function platformOfConfig(config: ImageConfig): Platform {
  return normalizePlatform({
    os: config.os,
    architecture: config.architecture,
    ...(config.variant === undefined ? {} : { variant: config.variant }),
  });
}
