// SPDX-License-Identifier: MIT
import type { Digest, History, ImageConfig } from '@img-build/oci';
import { timeText } from './time-text.ts';

/** A layer as the config sees it. */
export interface ConfigLayer {
  readonly diffId: Digest;
  /** Milliseconds since the Unix epoch when its blob was made; absent when unknown. */
  readonly createdAt?: number | undefined;
}

/** Written into the history for a layer that no entry speaks of. */
const EXPORTER_COMMENT = 'buildkit.exporter.image.v0';

/**
 * Completes a config with its layers. The history is made to fit: entries that say they have a layer are as many as
 * there are layers. Times that are missing come from the layers, or from `epoch`; times that are there stay.
 *
 * @param epoch - seconds since the Unix epoch, from SOURCE_DATE_EPOCH.
 * @see image-spec v1.1.1, config.md; BuildKit, exporter/containerimage/writer.go
 */
export function completeConfig(
  config: ImageConfig,
  layers: readonly ConfigLayer[],
  epoch?: number,
): ImageConfig {
  const times = layers.map(({ createdAt }) => {
    const time = epoch === undefined ? createdAt : epoch * 1000;
    return time === undefined ? undefined : timeText(time);
  });
  const history = withTimes(
    withLayers(config.history ?? [], layers.length),
    times,
    epoch === undefined ? undefined : timeText(epoch * 1000),
  );
  const created = clamp(
    config.created ?? history.findLast((entry) => entry.created !== undefined)?.created,
    epoch,
  );
  return {
    ...config,
    ...(created === undefined ? {} : { created }),
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    ...(history.length === 0 ? {} : { history }),
  };
}

/** Too many entries with a layer: the lowest lose theirs. Too few: entries are added at the end. */
function withLayers(history: readonly History[], layers: number): readonly History[] {
  let surplus = history.filter((entry) => entry.empty_layer !== true).length - layers;
  const missing = Math.max(0, -surplus);
  const fitted = history.map((entry): History => {
    if (entry.empty_layer === true || surplus <= 0) return entry;
    surplus -= 1;
    return { ...entry, empty_layer: true };
  });
  return [
    ...fitted,
    ...Array.from({ length: missing }, (): History => ({ created_by: '', comment: EXPORTER_COMMENT })),
  ];
}

function withTimes(
  history: readonly History[],
  layerTimes: readonly (string | undefined)[],
  fixed: string | undefined,
): readonly History[] {
  let layer = 0;
  const known = history.map((entry): History => {
    const time = entry.created ?? fixed ?? (entry.empty_layer === true ? undefined : layerTimes[layer]);
    if (entry.empty_layer !== true) layer += 1;
    return time === undefined ? entry : { ...entry, created: time };
  });
  const firstNew = known.findIndex((entry) => entry.created === undefined);
  // What only sets metadata before the first new layer was made together with that layer, not with the base.
  let time =
    firstNew < 0
      ? undefined
      : (known.slice(firstNew).find((entry) => entry.created !== undefined) ?? known[firstNew - 1])?.created;
  return known.map((entry, index): History => {
    if (entry.created === undefined) return time === undefined ? entry : { ...entry, created: time };
    if (firstNew >= 0 && index > firstNew) time = entry.created;
    return entry;
  });
}

function clamp(time: string | undefined, epoch: number | undefined): string | undefined {
  if (epoch === undefined) return time;
  const latest = timeText(epoch * 1000);
  return time !== undefined && Date.parse(time) <= epoch * 1000 ? time : latest;
}
