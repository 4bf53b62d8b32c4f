// SPDX-License-Identifier: MIT
import { formatPlatform, normalizePlatform, type Platform, parsePlatform } from '@img-build/oci';
import type { Environment } from './environment.ts';

/** `->arm64` for a step that compiles for another platform than it runs on, as its TARGET… variables say; else empty. */
export function crossTarget(base: Platform, environment: Environment): string {
  const target = targetOf(base, environment);
  if (target === undefined) return '';
  if (target.os !== base.os) return `->${formatPlatform(target)}`;
  if (target.architecture === base.architecture) return '';
  return `->${target.architecture}${target.variant === undefined ? '' : `/${target.variant}`}`;
}

function targetOf(base: Platform, environment: Environment): Platform | undefined {
  const whole = environment.get('TARGETPLATFORM');
  if (whole !== undefined) {
    try {
      return parsePlatform(whole, base);
    } catch {
      // A value that is no platform says nothing about the target.
    }
  }
  const os = environment.get('TARGETOS');
  const architecture = environment.get('TARGETARCH');
  const variant = environment.get('TARGETVARIANT');
  if (os === undefined && architecture === undefined && variant === undefined) return undefined;
  return normalizePlatform({
    os: os || base.os,
    architecture: architecture || base.architecture,
    ...(variant === undefined || variant === '' ? {} : { variant }),
  });
}
