// SPDX-License-Identifier: MIT
import type { BaseImage } from '@img-build/dockerfile-parser';
import { formatPlatform, type ImageConfig, type Platform } from '@img-build/oci';

/** What is known about the base images of stages, by the stage's index; filled while they are resolved. */
export type BaseImageFacts = Map<number, BaseImage>;

/** What rules may want to know about a base image that was resolved for a platform. */
export function baseImageFacts(
  { os, architecture, variant, config }: ImageConfig,
  expected: Platform,
): BaseImage {
  const named = os !== '' && architecture !== '';
  return {
    env: config?.Env ?? [],
    shell: config?.Shell ?? null,
    onbuild: config?.OnBuild ?? null,
    expectedPlatform: formatPlatform(expected),
    ...(named
      ? { platform: formatPlatform({ os, architecture, ...(variant === undefined ? {} : { variant }) }) }
      : {}),
  };
}
