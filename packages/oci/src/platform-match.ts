// SPDX-License-Identifier: MIT
import type { Descriptor } from './descriptor.ts';
import { formatPlatform, normalizePlatform, type Platform } from './platform.ts';

/** How to compare platforms. */
export interface MatchOptions {
  /** Refuses smaller variants and other architectures that the wanted one could also run. */
  readonly strict?: boolean | undefined;
}

/** docker's annotation that marks an index entry as a statement about another entry. */
const ATTESTATION_ANNOTATION = 'vnd.docker.reference.type';

/**
 * What a machine of platform `wanted` can run, best first: `arm64` also runs `arm/v7`, `amd64/v3` also `amd64` …
 *
 * @see containerd platforms, compare.go
 */
export function runnablePlatforms(wanted: Platform): readonly Platform[] {
  const { os, architecture, variant = '' } = normalizePlatform(wanted);
  const names = [[architecture, variant], ...lesserVariants(architecture, variant)];
  return names.map(([name = '', of = '']) => normalizePlatform({ os, architecture: name, variant: of }));
}

/**
 * How well `candidate` suits `wanted`: 0 is the exact platform, larger numbers are worse, `undefined` does not run.
 */
export function platformRank(
  wanted: Platform,
  candidate: Platform,
  options: MatchOptions = {},
): number | undefined {
  const [want, have] = [normalizePlatform(wanted), normalizePlatform(candidate)];
  if (!windowsBuildFits(want, have)) return undefined;
  const features = want['os.features'] ?? [];
  if (!(have['os.features'] ?? []).every((feature) => features.includes(feature))) return undefined;
  const runnable = options.strict === true ? [want] : runnablePlatforms(want);
  const rank = runnable.findIndex(
    (one) => one.os === have.os && one.architecture === have.architecture && one.variant === have.variant,
  );
  return rank < 0 ? undefined : rank;
}

/** Tells whether a machine of platform `wanted` runs `candidate`. */
export function matchPlatform(wanted: Platform, candidate: Platform, options: MatchOptions = {}): boolean {
  return platformRank(wanted, candidate, options) !== undefined;
}

/** Tells whether an index entry is a statement about an image (provenance, contents) and not an image. */
export function isAttestation(descriptor: Descriptor): boolean {
  const { platform } = descriptor;
  if (descriptor.annotations?.[ATTESTATION_ANNOTATION] !== undefined) return true;
  return platform !== undefined && platform.os === 'unknown' && platform.architecture === 'unknown';
}

/**
 * The entry of an index to use on `wanted`: best rank, then most operating-system features, then first in the list.
 * Attestations and entries without a platform never match.
 */
export function bestPlatform(
  descriptors: readonly Descriptor[],
  wanted: Platform,
  options: MatchOptions = {},
): Descriptor | undefined {
  let best: { readonly descriptor: Descriptor; readonly rank: number; readonly features: number } | undefined;
  for (const descriptor of descriptors) {
    if (descriptor.platform === undefined || isAttestation(descriptor)) continue;
    const rank = platformRank(wanted, descriptor.platform, options);
    if (rank === undefined) continue;
    const features = descriptor.platform['os.features']?.length ?? 0;
    if (best === undefined || rank < best.rank || (rank === best.rank && features > best.features))
      best = { descriptor, rank, features };
  }
  return best?.descriptor;
}

/** The platforms an index offers, formatted, each once, in its order. */
export function offeredPlatforms(descriptors: readonly Descriptor[]): string[] {
  const offered = descriptors.filter(
    (descriptor) => descriptor.platform !== undefined && !isAttestation(descriptor),
  );
  return [...new Set(offered.map(({ platform }) => formatPlatform(platform as Platform)))];
}

function lesserVariants(architecture: string, variant: string): readonly (readonly [string, string])[] {
  switch (architecture) {
    case 'amd64':
      return [
        ...countDown(major(variant) - 1, 1).map((n): [string, string] => ['amd64', `v${n}`]),
        ['386', ''],
      ];
    case 'arm':
      return countDown(major(variant) - 1, 5).map((n) => ['arm', `v${n}`]);
    case 'arm64':
      return [
        ...arm64Variants(variant).map((name): [string, string] => ['arm64', name]),
        ...countDown(8, 5).map((n): [string, string] => ['arm', `v${n}`]),
      ];
    default:
      return [];
  }
}

/** Armv9.x contains Armv8.(x+5). */
function arm64Variants(variant: string): readonly string[] {
  const [, generation, minor] = /^v([89])(?:\.([0-9]{1,2}))?$/.exec(variant === '' ? 'v8' : variant) ?? [];
  if (generation === undefined) return [];
  const at = Number(minor ?? 0);
  const below = countDown(at - 1, 0).map((n) => `v${generation}.${n}`);
  return generation === '8' ? below : [...below, ...countDown(at + 5, 0).map((n) => `v8.${n}`)];
}

function major(variant: string): number {
  return Number(/^v([0-9]{1,2})$/.exec(variant)?.[1] ?? 0);
}

function countDown(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, from - to + 1) }, (_, index) => from - index);
}

/** Windows images run on the build they were made for only. */
function windowsBuildFits(want: Platform, have: Platform): boolean {
  if (want.os !== 'windows' || have.os !== 'windows') return true;
  const [wanted, offered] = [want['os.version'], have['os.version']].map((version) =>
    version?.split('.').slice(0, 3).join('.'),
  );
  return wanted === undefined || offered === undefined || wanted === offered;
}
