// SPDX-License-Identifier: MIT
import { messageOf } from '@img-build/errors';
import type { MountPlace, SavedMount } from '@img-build/exporters';
import type { AbortOptions, ExecRequest, OperationWork } from '@img-build/interfaces';
import type { BuildProgress } from '../build/progress.ts';
import type { Services } from '../wiring/services.ts';
import { count } from './export-mounts.ts';
import { lastUsedMounts, localMounts } from './local-mounts.ts';
import type { MountExportSpec, MountImportSpec } from './mount-place-spec.ts';
import { openMountPlace } from './open-mount-place.ts';
import { restoreMount, saveMounts } from './transfer-mounts.ts';

/** What a build does with saved cache mounts. */
export interface BuildMountsOptions {
  readonly imports: readonly MountImportSpec[];
  readonly exports: readonly MountExportSpec[];
  readonly services: Services;
  readonly progress: BuildProgress;
  readonly signal: AbortSignal;
}

/** The cache mounts of one build that come from elsewhere and go elsewhere. */
export interface BuildMounts {
  /** Runs commands after the cache mounts they use, and this state directory lacks, were restored. */
  restoring(work: OperationWork['exec']): OperationWork['exec'];
  /** Saves what the cache mounts of these ids hold now. */
  save(ids: readonly string[]): Promise<void>;
  /** Removes the layers that were only on their way. To be called when the build holds no lease any more. */
  close(): Promise<void>;
}

/** Creates the traffic of one build's cache mounts. */
export function createBuildMounts(options: BuildMountsOptions): BuildMounts {
  const sources = options.imports.map((spec) => createSource(spec, options));
  const restored = new Map<string, Promise<void>>();

  /** Each mount once, whoever asks first; nobody's failure to fetch is a reason to fail. */
  async function restoreFor(request: ExecRequest): Promise<void> {
    const wanted = request.mounts.flatMap(({ cache }) => (cache === undefined || cache.reset ? [] : [cache]));
    await Promise.all(
      wanted.map(async ({ id, origin }) => {
        const key = JSON.stringify([id, origin]);
        const work = restored.get(key) ?? restoreFirst(sources, { id, origin }, options);
        restored.set(key, work);
        await work;
      }),
    );
  }

  return {
    restoring(work) {
      if (sources.length === 0) return work;
      return async (request, output, abort) => {
        await restoreFor(request);
        return await work(request, output, abort);
      };
    },
    async save(ids) {
      for (const spec of options.exports) await saveTo(spec, ids, options);
    },
    async close() {
      if ((restored.size === 0 && options.exports.length === 0) || options.signal.aborted) return;
      const { collect } = await import('../collection.ts');
      await collect(options.services, { signal: options.signal });
    },
  };
}

interface WantedMount {
  readonly id: string;
  readonly origin: string | undefined;
}

interface Source {
  readonly place: () => Promise<MountPlace>;
  /** What it has of an id; asked once for all. */
  find(id: string, seeded: boolean): Promise<SavedMount | undefined>;
}

function createSource({ place: spec, ids }: MountImportSpec, options: BuildMountsOptions): Source {
  const { services, progress, signal } = options;
  let place: Promise<MountPlace> | undefined;
  let found: Promise<readonly SavedMount[]> | undefined;
  const open = (): Promise<MountPlace> => (place ??= openMountPlace(services, spec));

  async function read(): Promise<readonly SavedMount[]> {
    const { name } = await open();
    const step = `looking for cache mounts in ${name}`;
    try {
      const mounts = await progress.step(step, async () => await (await open()).read({ signal }));
      if (mounts !== undefined) return mounts;
      progress.warn(step, [{ short: `no cache mounts in ${name} yet` }]);
    } catch (error) {
      signal.throwIfAborted();
      progress.warn(step, [{ short: `no cache mounts are imported from ${name}: ${messageOf(error)}` }]);
    }
    return [];
  }

  return {
    place: open,
    async find(id, seeded) {
      if (ids.length > 0 && !ids.includes(id)) return undefined;
      found ??= read();
      return (await found).find((mount) => mount.id === id && mount.seeded === seeded);
    },
  };
}

/** Restores a mount from the first source that has it, unless there is one. */
async function restoreFirst(
  sources: readonly Source[],
  { id, origin }: WantedMount,
  { services, progress, signal }: BuildMountsOptions,
): Promise<void> {
  if (await isThere(services, id, origin)) return;
  for (const source of sources) {
    const mount = await source.find(id, origin !== undefined);
    if (mount === undefined) continue;
    const place = await source.place();
    const step = `importing cache mount ${id} from ${place.name}`;
    try {
      await progress.step(step, async (transferred) => {
        await restoreMount(services, place, mount, { replace: false, signal });
        transferred('importing', mount.layer.descriptor.size);
      });
      return;
    } catch (error) {
      signal.throwIfAborted();
      progress.warn(step, [{ short: `cache mount ${id} is not imported: ${messageOf(error)}` }]);
    }
  }
}

async function isThere(services: Services, id: string, origin: string | undefined): Promise<boolean> {
  const [{ cacheMountKey }, metadata, backend] = await Promise.all([
    import('@img-build/worker'),
    services.metadata(),
    services.backend(),
  ]);
  return metadata.snapshots(backend).get(cacheMountKey(id, origin)) !== undefined;
}

async function saveTo(
  { place: spec, ids: only, compression, compressionLevel, ignoreError }: MountExportSpec,
  used: readonly string[],
  { services, progress, signal }: BuildMountsOptions,
): Promise<void> {
  const place = await openMountPlace(services, spec);
  const step = `exporting cache mounts to ${place.name}`;
  const abort: AbortOptions = { signal };
  try {
    await progress.step(step, async (transferred) => {
      const chosen = (await localMounts(services)).filter(
        ({ id }) => used.includes(id) && (only.length === 0 || only.includes(id)),
      );
      const mounts = lastUsedMounts(chosen);
      if (mounts.length === 0) return;
      const saved = await saveMounts(services, mounts, { compression, compressionLevel, signal });
      const { changed } = await place.add(saved, abort);
      const size = saved.reduce((sum, { layer }) => sum + layer.descriptor.size, 0);
      transferred(`${changed ? 'exporting' : 'unchanged:'} ${count(saved.length)}`, size);
    });
  } catch (error) {
    signal.throwIfAborted();
    if (!ignoreError) throw error;
    progress.warn(step, [{ short: `cache mounts are not exported to ${place.name}: ${messageOf(error)}` }]);
  }
}
