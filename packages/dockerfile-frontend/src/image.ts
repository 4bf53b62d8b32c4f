// SPDX-License-Identifier: MIT
import type { History, ImageConfig, Platform, RunConfig } from '@img-build/oci';
import { splitVariable } from './environment.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** An image config that instructions change. Values inside are replaced, never changed in place. */
export type WorkingImage = Mutable<Omit<ImageConfig, 'config' | 'history'>> & {
  config: Mutable<RunConfig>;
  history: readonly History[];
};

/** PATH of every stage that has none. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const HISTORY_COMMENT = 'buildkit.dockerfile.v0';

/** The image of `FROM scratch`. */
export function emptyImage(platform: Platform): WorkingImage {
  return {
    architecture: platform.architecture,
    os: platform.os,
    ...(platform.variant === undefined ? {} : { variant: platform.variant }),
    config: { Env: platform.os === 'windows' ? [] : [`PATH=${DEFAULT_PATH}`], WorkingDir: '/' },
    rootfs: { type: 'layers', diff_ids: [] },
    history: [],
  };
}

/** The working copy of a base image; its time of creation is dropped, everything unknown is kept. */
export function imageFromConfig(config: ImageConfig): WorkingImage {
  const { created: _, ...kept } = config;
  return { ...kept, config: { ...config.config }, history: config.history ?? [] };
}

/** What a stage gets from the stage it starts from: everything but ONBUILD triggers. */
export function inheritImage(image: WorkingImage): WorkingImage {
  const { OnBuild: _, ...config } = image.config;
  return { ...image, config };
}

/** Appends a history entry. `created` stays open: the exporter knows the time. */
export function addHistory(
  image: WorkingImage,
  createdBy: string,
  { layer }: { readonly layer: boolean },
): void {
  const entry: History = {
    created_by: createdBy,
    comment: HISTORY_COMMENT,
    ...(layer ? {} : { empty_layer: true }),
  };
  image.history = [...image.history, entry];
}

/** Sets a variable, in place when it is there. */
export function setVariable(env: readonly string[], name: string, value: string): readonly string[] {
  const pair = `${name}=${value}`;
  const at = env.findIndex((other) => splitVariable(other)[0] === name);
  return at < 0 ? [...env, pair] : env.with(at, pair);
}

/** The shell that shell forms are given to. */
export function shellOf(image: WorkingImage): readonly string[] {
  const { Shell: shell } = image.config;
  // Some builders write `"Shell": null`.
  if ((shell?.length ?? 0) > 0) return shell ?? [];
  return image.os === 'windows' ? ['cmd', '/S', '/C'] : ['/bin/sh', '-c'];
}
