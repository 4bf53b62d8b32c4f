// SPDX-License-Identifier: MIT
import type {
  BuildEvent,
  Exporter,
  ExportInput,
  ExportResult,
  RemoteLayer,
  SecretSource,
  Source,
} from '@img-build/interfaces';
import { marshal, type State } from '@img-build/llb';
import type { ImageConfig } from '@img-build/oci';
import {
  createMemoryCacheKeyStore,
  createMemoryCacheRecordStore,
  createMemoryContentStore,
  createMemoryLease,
  createMemoryLocks,
} from '@img-build/testkit';
import { type BuilderPorts, build } from '../../src/index.ts';
import { createFakeWorker, type FakeProgram, type Files, putLayer } from './fake-worker.ts';

export const PLATFORM = { os: 'linux', architecture: 'amd64' };
const CONFIG: ImageConfig = { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [] } };

/** What a test changes of a builder. */
export interface BuilderSettings {
  readonly program?: FakeProgram;
  readonly secrets?: Partial<SecretSource>;
  readonly afterFile?: () => void;
}

/** One state folder, in memory, and the builds on it. */
export function createTestBuilder({ program = writing, secrets = {}, afterFile }: BuilderSettings = {}) {
  const content = createMemoryContentStore();
  const records = createMemoryCacheRecordStore();
  const lease = createMemoryLease();
  const locks = createMemoryLocks();
  const cacheKeys = createMemoryCacheKeyStore();
  const folders = new Map<string, Files>();
  const images = new Map<string, readonly RemoteLayer[]>();
  const fetched: string[] = [];
  const worker = createFakeWorker({
    content,
    folders,
    program,
    ...(afterFile === undefined ? {} : { afterFile }),
  });
  const events: BuildEvent[] = [];

  const source: Source = {
    schemes: ['docker-image', 'local', 'git'],
    async open({ identifier }) {
      const [scheme = '', name = ''] = identifier.split('://');
      return {
        async cacheKey() {
          return { key: scheme === 'local' ? `session:${name}:${builds}` : identifier, done: true };
        },
        async content({ onProgress } = {}) {
          const size = Object.values(folders.get(name) ?? {}).join('').length;
          if (scheme === 'local' && size > 0) onProgress?.(size);
          const description = `from ${name}`;
          if (scheme === 'docker-image')
            return { type: 'layers', layers: images.get(name) ?? [], description };
          return { type: 'tree', tree: { type: 'host', path: name, rootOwned: true }, description };
        },
      };
    },
  };
  let builds = 0;

  const ports: BuilderPorts = {
    content,
    records,
    cacheKeys,
    worker,
    checksum: worker.checksum,
    sources: [source],
    secrets: { secret: async () => undefined, agent: async () => undefined, ...secrets },
    locks,
    lease,
    async fetchLayer(remote, layer, { onProgress }) {
      fetched.push(`${remote} ${layer.descriptor.digest}`);
      const bytes = atRegistry.get(layer.descriptor.digest);
      if (bytes === undefined) throw new Error(`${remote} has no ${layer.descriptor.digest}`);
      await content.ingest(
        layer.descriptor.mediaType,
        (async function* () {
          yield bytes;
        })(),
      );
      onProgress?.(bytes.length);
    },
    isUnpacked: worker.isUnpacked,
    platform: PLATFORM,
    clock: () => 1,
    parallelism: 2,
  };
  const atRegistry = new Map<string, Uint8Array>();

  return {
    ports,
    content,
    records,
    lease,
    locks,
    cacheKeys,
    worker,
    folders,
    fetched,
    events,
    /** An image whose layers are at a registry only. */
    async addImage(
      name: string,
      changes: readonly Readonly<Record<string, string | null>>[],
      remote: string | null = `registry/${name}`,
    ) {
      const layers: RemoteLayer[] = [];
      for (const change of changes) {
        const layer = await putLayer(content, change);
        if (remote !== null) {
          atRegistry.set(layer.descriptor.digest, await content.read(layer.descriptor.digest));
          await content.remove(layer.descriptor.digest);
        }
        layers.push({
          ...layer,
          remote: remote ?? undefined,
          fetch: async () => void fetched.push(`local ${layer.descriptor.digest}`),
        });
      }
      images.set(name, layers);
      return layers;
    },
    async build(
      states: State | readonly State[],
      options: {
        readonly exporter?: Exporter;
        readonly signal?: AbortSignal;
        readonly ports?: Partial<BuilderPorts>;
      } = {},
    ): Promise<Built> {
      builds++;
      events.length = 0;
      const input: { current?: ExportInput } = {};
      const all: readonly State[] = Array.isArray(states) ? states : [states as State];
      const targets = all.map((state) => ({
        platform: PLATFORM,
        config: CONFIG,
        definition: marshal(state, { platform: PLATFORM }),
      }));
      const exporter: Exporter = options.exporter ?? {
        title: 'keeping',
        export: async (given) => {
          input.current = given;
          return { metadata: {} };
        },
      };
      const results = await build(
        { ...ports, ...options.ports },
        { targets, exporters: [exporter], names: ['n'] },
        { report: (event) => events.push(event), signal: options.signal },
      );
      return { results, input: input.current };
    },
    async filesOf(built: Built, index = 0): Promise<Files> {
      const tree = await built.input?.platforms[index]?.tree();
      return tree?.type === 'snapshot' ? worker.files(tree.name) : {};
    },
  };
}

/** What came of a build, and what its exporter was given. */
export interface Built {
  readonly results: readonly ExportResult[];
  readonly input: ExportInput | undefined;
}

/** `write PATH TEXT`, `remove PATH`, `exit CODE`. */
function writing(
  { args: [name = '', path = '', text = ''] }: Parameters<FakeProgram>[0],
  files: Record<string, string>,
): { exitCode: number } {
  if (name === 'write') files[path] = text;
  if (name === 'remove') delete files[path];
  return { exitCode: name === 'exit' ? Number(path) : 0 };
}
