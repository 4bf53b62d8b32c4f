// SPDX-License-Identifier: MIT
import type { ImageConfigResolver } from '@img-build/interfaces';
import { opToGoJson, type ParsedOp, parseDefinition } from '@img-build/llb';
import { formatReference, type ImageConfig, type RunConfig } from '@img-build/oci';
import {
  type FrontendError,
  type LoweredPlatform,
  type LowerOptions,
  type LowerRequest,
  type LowerResult,
  lowerDockerfile,
} from '../src/index.ts';

/** Digest that every fake image has. */
export const DIGEST = `sha256:${'a'.repeat(64)}` as const;
/** PATH of a stage whose base has none. */
export const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The config of a base image with one layer. */
export function baseConfig(
  config: RunConfig = {},
  platform: { readonly os: string; readonly architecture: string } = { os: 'linux', architecture: 'amd64' },
): ImageConfig {
  return {
    ...platform,
    created: '2020-01-01T00:00:00Z',
    config,
    rootfs: { type: 'layers', diff_ids: [`sha256:${'1'.repeat(64)}`] },
    history: [{ created: '2020-01-01T00:00:00Z', created_by: 'base' }],
  };
}

/** Images by the start of their normalised name; others are not found. */
export type Images = Readonly<Record<string, RunConfig | ImageConfig>>;

/** What lowering gave, in a form that is easy to compare. */
export interface Lowered {
  readonly result: LowerResult;
  readonly config: ImageConfig;
  readonly first: LoweredPlatform;
  /** Ops of the first platform; inputs before users. */
  readonly ops: readonly ParsedOp[];
  /** Names of the ops. */
  readonly names: readonly string[];
  /** The op whose name contains `text`, as the Go JSON of its body. */
  json(text: string): string;
  /** References the resolver was asked for. */
  readonly asked: readonly string[];
  /** `created_by` of the entries that are not the base's. */
  readonly history: readonly string[];
}

/** A resolver that knows some images, and `busybox` with an empty config; `asked` grows with every question. */
export function fakeResolver(images: Images): {
  readonly resolver: ImageConfigResolver;
  readonly asked: readonly string[];
} {
  const asked: string[] = [];
  const resolver: ImageConfigResolver = {
    async resolveImageConfig(reference) {
      const name = formatReference(reference);
      asked.push(name);
      const known: Images = { busybox: {}, ...images };
      const found = Object.keys(known).find((key) => name.startsWith(`docker.io/library/${key}:`));
      if (found === undefined) throw new Error('not found');
      const entry = known[found] ?? {};
      return {
        digest: DIGEST,
        config: 'rootfs' in entry ? entry : baseConfig(entry),
        bytes: new Uint8Array(),
      };
    },
  };
  return { resolver, asked };
}

/** Lowers for linux/amd64 with fake images; `busybox` exists with an empty config. */
export async function lower(
  text: string,
  options: Partial<LowerOptions> = {},
  images: Images = {},
  more: Partial<LowerRequest> = {},
): Promise<Lowered> {
  const { resolver, asked } = fakeResolver(images);
  const result = await lowerDockerfile({
    text,
    name: 'Dockerfile',
    options: { buildPlatform: { os: 'linux', architecture: 'amd64' }, ...options },
    resolver,
    ...more,
  });
  const first = result.platforms[0] as LoweredPlatform;
  const ops = [...parseDefinition(first.definition).ops.values()];
  return {
    result,
    first,
    config: first.config,
    ops,
    names: ops.map(({ name }) => name),
    json: (part) => opToGoJson(ops.find(({ name }) => name.includes(part))?.op ?? fail(part)),
    asked,
    history: (first.config.history ?? []).slice(first.baseHistory).map((entry) => entry.created_by ?? ''),
  };
}

/** The error that lowering ends with. */
export async function failure(
  text: string,
  options: Partial<LowerOptions> = {},
  images: Images = {},
  more: Partial<LowerRequest> = {},
): Promise<FrontendError> {
  try {
    await lower(text, options, images, more);
  } catch (error) {
    return error as FrontendError;
  }
  throw new Error('lowering succeeded');
}

function fail(part: string): never {
  throw new Error(`no op is called ${part}`);
}
