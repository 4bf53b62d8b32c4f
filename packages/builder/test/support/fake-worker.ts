// SPDX-License-Identifier: MIT
import { ToolError } from '@img-build/errors';
import type {
  ContentStore,
  ExecRequest,
  ExecResult,
  FileRequest,
  Layer,
  OperationWork,
  SnapshotWork,
  Tree,
} from '@img-build/interfaces';
import { sha256Digest } from '@img-build/llb';
import type { TreeChecksum } from '../../src/index.ts';

/** Text files by path. */
export type Files = Readonly<Record<string, string>>;

interface Snapshot {
  readonly parent: string | undefined;
  readonly files: Files;
}

/** What a command does to the files of its root. */
export type FakeProgram = (
  request: ExecRequest,
  files: Record<string, string>,
) => ExecResult | Promise<ExecResult>;

/** A worker whose snapshots are maps of files; remembers the calls. */
export interface FakeWorker extends SnapshotWork, OperationWork {
  readonly calls: readonly string[];
  readonly execs: readonly ExecRequest[];
  readonly diffOptions: readonly object[];
  readonly checksum: TreeChecksum;
  readonly isUnpacked: (id: string) => boolean;
  files(name: string): Files;
  forget(name: string): void;
  clear(): void;
}

/** What a fake worker works with. */
export interface FakeWorkerParts {
  readonly content: ContentStore;
  /** Files of host folders, by path. */
  readonly folders: ReadonlyMap<string, Files>;
  readonly program: FakeProgram;
  /** Called before a file operation ends. */
  readonly afterFile?: () => void;
}

/** Layers are JSON: the files a snapshot adds, with `null` for those it takes away. */
export async function putLayer(
  content: ContentStore,
  change: Readonly<Record<string, string | null>>,
): Promise<Layer> {
  const bytes = Buffer.from(JSON.stringify(change));
  const descriptor = await content.ingest('application/vnd.oci.image.layer.v1.tar+gzip', once(bytes));
  return { descriptor, diffId: sha256Digest(`tar of ${bytes}`) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

export function createFakeWorker({ content, folders, program, afterFile }: FakeWorkerParts): FakeWorker {
  const snapshots = new Map<string, Snapshot>();
  const calls: string[] = [];
  const execs: ExecRequest[] = [];
  const diffOptions: object[] = [];

  function find(name: string): Snapshot {
    const snapshot = snapshots.get(name);
    if (snapshot === undefined) throw new ToolError(`no snapshot ${name}`, { code: 'SNAPSHOT_NOT_FOUND' });
    return snapshot;
  }
  function filesOf(tree: Tree | undefined): Files {
    if (tree === undefined || tree.type === 'empty') return {};
    return tree.type === 'host' ? (folders.get(tree.path) ?? {}) : find(tree.name).files;
  }
  function commit(name: string, parent: string | undefined, files: Files): void {
    if (snapshots.has(name)) throw new ToolError(`${name} exists`, { code: 'SNAPSHOT_EXISTS' });
    snapshots.set(name, { parent, files });
  }
  const nameOf = (tree: Tree | undefined): string | undefined =>
    tree?.type === 'snapshot' ? tree.name : undefined;

  return {
    calls,
    execs,
    diffOptions,
    isUnpacked: (id) => snapshots.has(id),
    files: (name) => find(name).files,
    forget: (name) => void snapshots.delete(name),
    clear() {
      calls.length = 0;
      execs.length = 0;
    },
    warmUp() {},
    async unpack({ name, parent, layer }, { signal, onProgress } = {}) {
      signal?.throwIfAborted();
      calls.push(`unpack ${name}`);
      const change = JSON.parse(Buffer.from(await content.read(layer.digest)).toString()) as Record<
        string,
        string | null
      >;
      onProgress?.(layer.size);
      const files: Record<string, string> = { ...(parent === undefined ? {} : find(parent).files) };
      for (const [path, text] of Object.entries(change)) {
        if (text === null) delete files[path];
        else files[path] = text;
      }
      commit(name, parent, files);
    },
    async diff(name, options = {}) {
      calls.push(`diff ${name}`);
      const { signal: _signal, ...rest } = options;
      diffOptions.push(rest);
      const { parent, files } = find(name);
      const below = parent === undefined ? {} : find(parent).files;
      const change: Record<string, string | null> = {};
      for (const path of Object.keys(below)) if (!(path in files)) change[path] = null;
      for (const [path, text] of Object.entries(files)) if (below[path] !== text) change[path] = text;
      if (options.rewriteTimestamp !== undefined) change['.time'] = String(options.rewriteTimestamp);
      return await putLayer(content, change);
    },
    usage: async () => ({ size: 0, inodes: 0 }),
    async remove(names) {
      calls.push(`remove ${names.length}`);
      return names.filter((name) => snapshots.delete(name));
    },
    async materialize(name, tree) {
      calls.push('materialize');
      commit(name, undefined, filesOf(tree));
    },
    async checksum(tree, selectors) {
      calls.push(`checksum ${tree.type}`);
      const files = filesOf(tree);
      return selectors.map(({ path }) => {
        const wanted = path.replace(/^\//, '');
        return sha256Digest(
          JSON.stringify(
            Object.entries(files).filter(
              ([name]) => wanted === '' || name === wanted || name.startsWith(`${wanted}/`),
            ),
          ),
        );
      });
    },
    async file(request) {
      calls.push('file');
      await runFile(request);
      afterFile?.();
    },
    async exec(request, output, { signal } = {}) {
      signal?.throwIfAborted();
      calls.push(`exec ${request.args.join(' ')}`);
      execs.push(request);
      const root = request.mounts.find(({ destination }) => destination === '/');
      const files: Record<string, string> = { ...filesOf(root?.input) };
      output.stdout(Buffer.from(request.args.join(' ')));
      const result = await program(request, files);
      if (!(request.validExitCodes ?? [0]).includes(result.exitCode)) return result;
      if (root?.output !== undefined && !root.readonly) commit(root.output, nameOf(root.input), files);
      for (const { destination, output: name, input } of request.mounts)
        if (destination !== '/' && name !== undefined)
          commit(name, nameOf(input), { ...filesOf(input), written: 'yes' });
      return result;
    },
  };

  async function runFile({ inputs, steps, outputs }: FileRequest): Promise<void> {
    const trees: { files: Record<string, string>; parent: string | undefined }[] = [];
    const at = (index: number) =>
      index < inputs.length
        ? { files: filesOf(inputs[index]), parent: nameOf(inputs[index]) }
        : trees[index - inputs.length];
    for (const { input, secondary, action } of steps) {
      const files = { ...at(input)?.files };
      if (action.type === 'make-file') files[action.path.slice(1)] = Buffer.from(action.data).toString();
      if (action.type === 'copy') {
        const [source, target] = [action.source.slice(1), action.destination.slice(1)];
        for (const [path, text] of Object.entries(at(secondary)?.files ?? {})) {
          if (path === source) files[target] = text;
          else if (source === '') files[`${target}${path}`] = text;
        }
      }
      trees.push({ files, parent: at(input)?.parent });
    }
    for (const { step, name } of outputs) commit(name, trees[step]?.parent, trees[step]?.files ?? {});
  }
}
