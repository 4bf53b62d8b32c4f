// SPDX-License-Identifier: MIT
import type { Platform } from '@img-build/oci';
import type { LlbPlatform } from './ops.ts';

/** A platform in the graph's spelling. */
export function toLlbPlatform(platform: Platform): LlbPlatform {
  return {
    architecture: platform.architecture,
    os: platform.os,
    variant: platform.variant,
    osVersion: platform['os.version'],
    osFeatures: platform['os.features'],
  };
}

/** The platform of an op; what is empty there is absent here. */
export function fromLlbPlatform({ architecture, os, variant, osVersion, osFeatures }: LlbPlatform): Platform {
  return {
    architecture,
    os,
    ...(variant ? { variant } : {}),
    ...(osVersion ? { 'os.version': osVersion } : {}),
    ...(osFeatures?.length ? { 'os.features': osFeatures } : {}),
  };
}
