// SPDX-License-Identifier: MIT
import type { Services } from '../wiring/services.ts';
import type { LayerRecompressor } from './recompress-layer.ts';

/** Gives the one recompressor of a build; it is loaded for the builds that want it only. */
export type Recompression = () => Promise<LayerRecompressor>;

/** What all outputs and caches of one build share. */
export function createRecompression(services: Pick<Services, 'content'>): Recompression {
  let made: Promise<LayerRecompressor> | undefined;
  return async () => {
    made ??= Promise.all([import('./recompress-layer.ts'), services.content()]).then(
      ([{ createLayerRecompressor }, content]) => createLayerRecompressor(content),
    );
    return await made;
  };
}
