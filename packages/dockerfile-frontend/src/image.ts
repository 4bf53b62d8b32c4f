// SPDX-License-Identifier: MIT
import type { History, ImageConfig, Platform, RunConfig } from '@img-build/oci';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** What a container is started with, as instructions change it: the lists are the image's own and grow in place. */
export type WorkingConfig = Mutable<
  Omit<RunConfig, 'Env' | 'Labels' | 'ExposedPorts' | 'Volumes' | 'OnBuild'>
> & {
  Env: string[];
  Labels?: Record<string, string>;
  ExposedPorts?: Record<string, Record<string, never>>;
  Volumes?: Record<string, Record<string, never>>;
  OnBuild?: string[];
};

/** An image config that instructions change. */
export type WorkingImage = Mutable<Omit<ImageConfig, 'config' | 'history'>> & {
  config: WorkingConfig;
  history: History[];
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
  return { ...kept, config: ownLists(config.config ?? {}), history: [...(config.history ?? [])] };
}

/** What a stage gets from the stage it starts from: everything but ONBUILD triggers. */
export function inheritImage(image: WorkingImage): WorkingImage {
  const { OnBuild: _, ...config } = image.config;
  return { ...image, config: ownLists(config), history: [...image.history] };
}

/** Copies of the lists, so that they can be changed. */
function ownLists({ Env, Labels, ExposedPorts, Volumes, OnBuild, ...config }: RunConfig): WorkingConfig {
  return {
    ...config,
    Env: [...(Env ?? [])],
    ...(Labels ? { Labels: { ...Labels } } : {}),
    ...(ExposedPorts ? { ExposedPorts: { ...ExposedPorts } } : {}),
    ...(Volumes ? { Volumes: { ...Volumes } } : {}),
    ...(OnBuild ? { OnBuild: [...OnBuild] } : {}),
  };
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
  image.history.push(entry);
}

/** Sets a variable, in place when it is there. */
export function setVariable({ Env }: WorkingConfig, name: string, value: string): void {
  const pair = `${name}=${value}`;
  const at = Env.findIndex((other) => other === name || other.startsWith(`${name}=`));
  if (at < 0) Env.push(pair);
  else Env[at] = pair;
}

/** The shell that shell forms are given to. */
export function shellOf(image: WorkingImage): readonly string[] {
  const { Shell: shell } = image.config;
  // Some builders write `"Shell": null`.
  if ((shell?.length ?? 0) > 0) return shell ?? [];
  return image.os === 'windows' ? ['cmd', '/S', '/C'] : ['/bin/sh', '-c'];
}

/** Sets a property whatever its name is: `__proto__` is a label like others. */
export function setOwn<Value>(record: Record<string, Value>, name: string, value: Value): void {
  Object.defineProperty(record, name, { value, enumerable: true, configurable: true, writable: true });
}
