// SPDX-License-Identifier: MIT
import type { LowerRequest } from '@img-build/dockerfile-frontend';
import { createImageSource, type ImageSource } from '@img-build/sources';
import type { Services } from '../wiring/services.ts';
import type { BuildInput } from './build-input.ts';
import type { BuildCommandRequest } from './build-request.ts';
import type { BuildProgress } from './progress.ts';

/** What the frontend's work follows from. */
export interface LowerRequestInit {
  readonly request: BuildCommandRequest;
  readonly input: BuildInput;
  readonly services: Services;
  readonly images: ImageSource;
  readonly progress: BuildProgress;
  readonly signal: AbortSignal;
}

/** What the frontend is asked. */
export function lowerRequestFrom({
  request,
  input,
  services,
  images,
  progress,
  signal,
}: LowerRequestInit): LowerRequest {
  return {
    text: input.dockerfile.text,
    name: input.dockerfile.name,
    options: { ...request.lowerOptions, buildPlatform: services.platform, ...input.lowerOptions },
    resolver: images,
    ...input.answers,
    observe: (name, work) => progress.step(name, work),
    signal,
  };
}

/** Base images, as the request wants them looked up. */
export async function openImages(
  { lowerOptions }: BuildCommandRequest,
  services: Services,
): Promise<ImageSource> {
  const [content, { images }] = await Promise.all([services.content(), services.metadata()]);
  return createImageSource({
    registry: () => services.registry(),
    content,
    images,
    platform: services.platform,
    logger: services.logger,
    pull: lowerOptions.pull === 'always',
  });
}
