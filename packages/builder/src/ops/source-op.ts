// SPDX-License-Identifier: MIT
import { randomUUID } from 'node:crypto';
import type {
  AbortOptions,
  Op,
  OpContext,
  RemoteLayer,
  Source,
  SourceContent,
  SourceInstance,
} from '@img-build/interfaces';
import { type LlbPlatform, type SourceOp, sourceCacheDigest } from '@img-build/llb';
import { chainIds, digestHex } from '@img-build/oci';
import { type BuildContext, reserveRecords } from '../build-context.ts';
import { type BuildResult, recordResult } from '../build-result.ts';
import { BuilderError } from '../builder-error.ts';
import { platformOf } from './exec-request.ts';

/** Keys that start so mean something in this build only. */
const SESSION_KEY = 'session:';

/** Content from outside. Resolved once; layers stay where they are until something reads them. */
export function createSourceOp(
  context: BuildContext,
  { identifier, attrs }: SourceOp,
  platform: LlbPlatform | undefined,
): Op {
  let instance: Promise<SourceInstance> | undefined;
  let ephemeral = false;

  function open(options: AbortOptions): Promise<SourceInstance> {
    instance ??= sourceFor(context.sources, identifier).open(
      { identifier, attrs, platform: platformOf(platform) ?? context.platform },
      options,
    );
    return instance;
  }

  return {
    async cacheMap(index, options) {
      const { key, done } = await (await open(options)).cacheKey(index, options);
      ephemeral = key.startsWith(SESSION_KEY);
      const digest = sourceCacheDigest(key);
      return { digest: ephemeral ? `random:${digestHex(digest)}` : digest, dependencies: [], done };
    },
    async execute(_inputs, options) {
      const transfer = createTransfer(context, options, identifier);
      const { signal } = options;
      const content = await (await open(options)).content({ signal, onProgress: transfer.update });
      transfer.finish();
      return [await resultOf(context, content, { identifier, ephemeral }, options)];
    },
  };
}

/** Milliseconds between two reports of a transfer. */
const REPORT_EVERY = 100;
const LOCAL = 'local://';

/** Shows what is read of a folder: `transferring context: 1.15kB`. */
function createTransfer(
  { clock }: BuildContext,
  { vertex: { digest: vertex }, report }: OpContext,
  identifier: string,
): { update(bytes: number): void; finish(): void } {
  const what = `transferring ${identifier.slice(LOCAL.length)}:`;
  const startedAt = clock();
  let last = startedAt;
  let current = 0;
  return {
    update(bytes) {
      current = bytes;
      if (clock() - last < REPORT_EVERY) return;
      last = clock();
      report({ type: 'status-progressed', vertex, id: what, current, startedAt });
    },
    finish() {
      if (!identifier.startsWith(LOCAL)) return;
      const id = current === 0 ? `${what} 0B` : what;
      report({ type: 'status-progressed', vertex, id, current, startedAt, completedAt: clock() });
    },
  };
}

function sourceFor(sources: readonly Source[], identifier: string): Source {
  const scheme = identifier.slice(0, identifier.indexOf('://'));
  const source = sources.find(({ schemes }) => schemes.includes(scheme));
  if (source === undefined)
    throw new BuilderError(`no source for ${identifier}`, { code: 'BUILD_SOURCE_UNKNOWN' });
  return source;
}

async function resultOf(
  context: BuildContext,
  content: SourceContent,
  { identifier, ephemeral }: { readonly identifier: string; readonly ephemeral: boolean },
  options: AbortOptions,
): Promise<BuildResult> {
  if (content.type === 'layers')
    return await putLayers(context, content.layers, content.description, options);
  if (ephemeral) return { type: 'tree', id: `tree:${randomUUID()}`, tree: content.tree };
  const [id = ''] = reserveRecords(context, 1);
  await context.worker.materialize(id, content.tree, options);
  const type = identifier.startsWith('git://') ? 'source.git.checkout' : 'source.http';
  context.records.put({ id, type, description: content.description });
  return recordResult(id);
}

/** Records of an image's layers are named by their chain id, so that images share what they have in common. */
async function putLayers(
  { records, lease }: BuildContext,
  layers: readonly RemoteLayer[],
  description: string,
  options: AbortOptions,
): Promise<BuildResult> {
  // Protected first: what is found or fetched now cannot be collected before a record names it.
  lease.addBlobs(
    layers.filter(({ remote }) => remote === undefined).map(({ descriptor }) => descriptor.digest),
  );
  await Promise.all(layers.map(async (layer) => layer.remote === undefined && (await layer.fetch(options))));
  let parent: string | undefined;
  for (const [index, id] of chainIds(layers.map((layer) => layer.diffId)).entries()) {
    const layer = layers[index];
    if (layer === undefined) break;
    const { descriptor, diffId, remote } = layer;
    lease.addRecords([id]);
    const known = records.put({
      id,
      parent,
      type: 'regular',
      description,
      layer: { descriptor, diffId },
      remote,
    });
    // The same files may be packed in another blob than before; the one at hand is the one to remember.
    const isKnown =
      known.layer?.descriptor.digest === descriptor.digest &&
      (remote === undefined || known.remote === remote);
    if (!isKnown)
      records.update(id, { layer: { descriptor, diffId }, ...(remote === undefined ? {} : { remote }) });
    parent = id;
  }
  return recordResult(parent);
}
