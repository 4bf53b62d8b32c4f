// SPDX-License-Identifier: MIT
import type { CacheGraph, CacheGraphRecord, Layer } from '@img-build/interfaces';
import { canonicalDigest, type Digest, MEDIA_TYPES } from '@img-build/oci';
import fc from 'fast-check';

/** A layer that nobody ever packed. */
export function layerNamed(name: string): Layer {
  return {
    descriptor: {
      mediaType: MEDIA_TYPES.ociLayerGzip,
      digest: canonicalDigest(`blob ${name}`),
      size: 100 + name.length,
    },
    diffId: canonicalDigest(`tar ${name}`),
  };
}

/** A digest that says where it comes from. */
export function digestNamed(name: string): Digest {
  return canonicalDigest(name);
}

/** Layers on top of each other, as builds make them: one of few bases and a path through a tree. */
const chains: fc.Arbitrary<readonly Layer[]> = fc
  .array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 5 })
  .map((path) => path.map((_, index) => layerNamed(path.slice(0, index + 1).join('.'))));

/** Graphs without loops; records may be the same, lead nowhere, have several results or several ways to be reached. */
export const graphs: fc.Arbitrary<CacheGraph> = fc
  .array(
    fc.record({
      digest: fc.nat({ max: 30 }),
      inputs: fc.array(
        fc.array(fc.record({ back: fc.nat({ max: 8 }), selector: fc.option(fc.nat({ max: 2 })) }), {
          minLength: 1,
          maxLength: 3,
        }),
        { maxLength: 3 },
      ),
      results: fc.array(fc.record({ layers: chains, createdAt: fc.nat({ max: 2_000_000_000_000 }) }), {
        maxLength: 2,
      }),
    }),
    { maxLength: 20 },
  )
  .map((records) => ({
    records: records.map(
      ({ digest, inputs, results }, place): CacheGraphRecord => ({
        digest: digestNamed(`record ${digest}`),
        inputs:
          place === 0
            ? []
            : inputs.map((all) =>
                all.map(({ back, selector }) => ({
                  record: Math.max(0, place - 1 - back),
                  ...(selector === null ? {} : { selector: digestNamed(`selector ${selector}`) }),
                })),
              ),
        results,
      }),
    ),
  }));

/** The same graph with its records in another order. */
export function shuffled(graph: CacheGraph, seed: readonly number[]): CacheGraph {
  const order = graph.records.map((_, place) => place);
  for (let at = order.length - 1; at > 0; at -= 1) {
    const other = (seed[at % Math.max(1, seed.length)] ?? 0) % (at + 1);
    [order[at], order[other]] = [order[other] ?? 0, order[at] ?? 0];
  }
  const places = new Map(order.map((old, place) => [old, place]));
  return {
    records: order.flatMap((old) => {
      const record = graph.records[old];
      if (record === undefined) return [];
      return {
        ...record,
        inputs: record.inputs.map((all) =>
          all.map((input) => ({ ...input, record: places.get(input.record) ?? -1 })).toReversed(),
        ),
        results: record.results.toReversed(),
      };
    }),
  };
}

/**
 * What a graph says, whatever its order: each way to reach each result, spelled out. Written for tests on its own, so that
 * it shares no mistake with the codec.
 */
export function meaningOf(graph: CacheGraph): ReadonlySet<string> {
  const names = new Map<number, string>();
  const nameOf = (place: number): string => {
    const known = names.get(place);
    if (known !== undefined) return known;
    const record = graph.records[place];
    if (record === undefined) throw new Error(`there is no record ${place}`);
    const inputs = record.inputs.map((all) =>
      [...new Set(all.map((input) => `${input.selector ?? ''}>${nameOf(input.record)}`))].sort().join('|'),
    );
    const name = canonicalDigest(`${record.digest}(${inputs.join(';')})`);
    names.set(place, name);
    return name;
  };
  const newest = new Map<string, number>();
  for (const [place, { results }] of graph.records.entries()) {
    for (const { layers, createdAt } of results) {
      if (layers.length === 0) continue;
      const key = `${nameOf(place)} = ${layers.map(({ descriptor }) => descriptor.digest).join(',')}`;
      newest.set(key, Math.max(createdAt, newest.get(key) ?? createdAt));
    }
  }
  return new Set([...newest].map(([key, time]) => `${key} @ ${time}`));
}
