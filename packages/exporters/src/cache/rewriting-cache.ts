// SPDX-License-Identifier: MIT
import type { CacheExporter, CacheGraph, Layer } from '@img-build/interfaces';
import type { Digest } from '@img-build/oci';
import { type LayerRewriter, rewriteLayer } from '../image/rewrite-layer.ts';
import { forEachParallel } from '../parallel.ts';

/** Layers that are brought and compressed at once. */
const PARALLEL = 4;

/**
 * A cache exporter whose layers are all compressed as `rewriter` does it. Every layer is brought to this machine for
 * that, also one that the destination has.
 */
export function createRewritingCacheExporter(
  exporter: CacheExporter,
  rewriter: LayerRewriter,
): CacheExporter {
  return {
    title: exporter.title,
    async export(graph, options) {
      const { progress, provide, signal } = options;
      const before = layersOf(graph);
      const after = new Map<Digest, Layer>();
      await progress('compressing layers for the cache', () =>
        forEachParallel([...before.values()], PARALLEL, { signal }, async (layer, either) => {
          await provide(layer, { signal: either });
          after.set(layer.descriptor.digest, await rewriteLayer(layer, rewriter, { signal: either }));
        }),
      );
      // A layer that was written anew is here; what stayed as it was (a foreign layer) can be asked for again.
      await exporter.export(withLayers(graph, after), {
        ...options,
        provide: async (layer, abort) => {
          if (before.has(layer.descriptor.digest)) await provide(layer, abort);
        },
      });
    },
  };
}

function layersOf({ records }: CacheGraph): ReadonlyMap<Digest, Layer> {
  const all = records.flatMap(({ results }) => results.flatMap(({ layers }) => layers));
  return new Map(all.map((layer) => [layer.descriptor.digest, layer]));
}

function withLayers({ records }: CacheGraph, rewritten: ReadonlyMap<Digest, Layer>): CacheGraph {
  return {
    records: records.map((record) => ({
      ...record,
      results: record.results.map((result) => ({
        ...result,
        layers: result.layers.map((layer) => rewritten.get(layer.descriptor.digest) ?? layer),
      })),
    })),
  };
}
