// SPDX-License-Identifier: MIT
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createDirectoryContentStore } from '@img-build/content-store';
import { createHostCalls, createLocks } from '@img-build/host';
import type {
  AbortOptions,
  ContentStore,
  CopyAction,
  ExecMount,
  ExecRequest,
  FileAction,
  HostCalls,
  HostTree,
  Locks,
  Snapshotter,
  Tree,
} from '@img-build/interfaces';
import { createApplier, createDiffer, packTree } from '@img-build/layers';
import { createRuncExecutor } from '@img-build/runc-executor';
import {
  chooseBackend,
  createNativeSnapshotter,
  createOverlaySnapshotter,
  type FolderSnapshotter,
} from '@img-build/snapshotters';
import { createContentHasher } from '@img-build/sources';
import { createMemorySnapshotBook } from '@img-build/testkit';
import { afterAll } from '@jest/globals';
import { createActiveKeys } from '../../src/active-keys.ts';
import { createArchiveExtractor } from '../../src/archive-extractor.ts';
import { createCacheArchives } from '../../src/cache-archives.ts';
import { createDeviceLookup, type DeviceLookup } from '../../src/exec/devices.ts';
import { createEmulation, type Emulation } from '../../src/exec/emulation.ts';
import { createScratchFolder } from '../../src/scratch-folder.ts';
import type { WorkerMethods } from '../../src/worker-methods.ts';
import { createWorkerOperations } from '../../src/worker-operations.ts';

export const host: HostCalls = createHostCalls();
export const parent: string = mkdtempSync(join(tmpdir(), 'img-work-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

/** A user namespace has the ids it was given: here one only. */
export const oneId: boolean = !readFileSync('/proc/self/uid_map', 'utf8').includes('4294967295');

/** The worker's real operations in this process, and looks at what they leave. */
export interface TestWorker {
  readonly methods: WorkerMethods;
  readonly snapshotter: Snapshotter;
  readonly locks: Locks;
  readonly content: ContentStore;
  /** Commits a snapshot that `make` writes. */
  commit(name: string, make: (root: string) => void, below?: string): Promise<void>;
  /** Lets `look` read a committed snapshot. */
  look<T>(name: string, look: (root: string) => T): Promise<T>;
  file(actions: readonly FileAction[], inputs: readonly Tree[], options?: AbortOptions): Promise<string>;
  exec(
    request: ExecRequest,
    options?: AbortOptions,
  ): Promise<{ exitCode: number; stdout: string; stderr: string }>;
  /** Snapshots that are not committed, mounts and scratch folders. */
  leftovers(): Promise<readonly string[]>;
}

/** A worker with an empty state. */
export async function createTestWorker(
  wanted: 'overlayfs' | 'native' = 'overlayfs',
  parts: { readonly emulation?: Emulation; readonly devices?: DeviceLookup } = {},
): Promise<TestWorker> {
  const state = mkdtempSync(join(parent, 'w'));
  const snapshotter = await createSnapshotter(join(state, 'snapshots'), wanted);
  const locks = createLocks({ directory: join(state, 'locks'), host });
  const content = createDirectoryContentStore({ root: join(state, 'content'), host });
  const scratch = join(state, 'scratch');
  const methods = createWorkerOperations({
    host,
    snapshotter,
    locks,
    applier: createApplier({ blobs: content, host, onWarning: () => {} }),
    differ: createDiffer({ content, host }),
    executor: createRuncExecutor({ host, stateRoot: join(state, 'runtime'), rootless: oneId }),
    hasher: createContentHasher({ xattrs: host }),
    scratch: createScratchFolder(scratch),
    keys: await createActiveKeys(snapshotter, locks),
    devices: parts.devices ?? createDeviceLookup(''),
    emulation: parts.emulation ?? createEmulation(host, join(state, 'binfmt')),
    extractArchive: createArchiveExtractor(host, () => {}),
    packTree: (root, options) => packTree(root, { ...options, host }),
    cacheTransfer: createCacheArchives(host, content, () => {}),
    sweep: (options) => snapshotter.sweep(options),
  });
  let outputs = 0;
  return {
    methods,
    snapshotter,
    locks,
    content,
    async commit(name, make, below) {
      const { root, close } = mountAt(await snapshotter.prepare(`test-${name}`, below));
      try {
        make(root);
      } finally {
        close();
      }
      await snapshotter.commit(name, `test-${name}`);
    },
    async look(name, look) {
      const { root, close } = mountAt(await snapshotter.view('test-look', name));
      try {
        return look(root);
      } finally {
        close();
        await snapshotter.remove('test-look');
      }
    },
    async file(actions, inputs, options) {
      const name = `out${outputs++}`;
      const steps = actions.map((action, step) => ({
        input: step === 0 ? 0 : inputs.length + step - 1,
        secondary: 1,
        action,
      }));
      await methods.file(
        { inputs, steps, outputs: [{ step: actions.length - 1, name }] },
        { ...quiet(options), notify: () => {} },
      );
      return name;
    },
    async exec(request, options) {
      const text = { 1: '', 2: '' };
      const { exitCode } = await methods.exec(request, {
        ...quiet(options),
        notify: ({ stream, data }) => void (text[stream] += Buffer.from(data).toString()),
      });
      return { exitCode, stdout: text[1], stderr: text[2] };
    },
    async leftovers() {
      const snapshots = (await snapshotter.list()).filter(
        ({ kind, key }) => kind !== 'committed' && !key.startsWith('cache-mount-'),
      );
      const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
        .split('\n')
        .filter((line) => line.includes(` ${state}/`) && !line.includes(' binfmt_misc '));
      return [...snapshots.map(({ key }) => key), ...mounts, ...listed(scratch)];
    },
  };
}

/** The context of a call nobody listens to. */
export function quiet({ signal }: AbortOptions = {}): { readonly signal: AbortSignal; notify(): void } {
  return { signal: signal ?? new AbortController().signal, notify: () => {} };
}

async function createSnapshotter(root: string, wanted: 'overlayfs' | 'native'): Promise<FolderSnapshotter> {
  const book = createMemorySnapshotBook();
  const chosen = await chooseBackend({ root, host, wanted });
  return chosen.backend === 'overlayfs'
    ? createOverlaySnapshotter({ root, host, book, userxattr: chosen.userxattr })
    : createNativeSnapshotter({ root, host, book });
}

function mountAt(mounts: readonly { source: string; type: string; options: readonly string[] }[]): {
  root: string;
  close(): void;
} {
  const root = mkdtempSync(join(parent, 'm'));
  for (const { source, type, options } of mounts) host.mount(source, root, type, options);
  return { root, close: () => host.unmount(root) };
}

function listed(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Writes files: a path that ends in `/` is a folder. */
export function writeTree(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    const full = join(root, path);
    mkdirSync(path.endsWith('/') ? full : dirname(full), { recursive: true });
    if (!path.endsWith('/')) writeFileSync(full, text);
  }
}

/** A host folder with these files. */
export function hostTree(files: Readonly<Record<string, string>>, filters: Partial<HostTree> = {}): HostTree {
  const path = mkdtempSync(join(parent, 'ctx'));
  writeTree(path, files);
  return { type: 'host', path, rootOwned: true, ...filters };
}

/** A copy as COPY asks for it. */
export function copy(source: string, destination: string, change: Partial<CopyAction> = {}): CopyAction {
  return {
    type: 'copy',
    source,
    destination,
    followSymlink: true,
    directoryContents: true,
    unpackArchive: false,
    createDestinationPath: true,
    allowWildcard: true,
    allowEmptyWildcard: true,
    ...change,
  };
}

const APPLETS =
  'sh echo cat false true sleep id ls touch rm stat mkdir chmod env pwd test wc kill sync mount grep'.split(
    ' ',
  );

/** Writes a root with a shell and a few accounts. */
export function writeBusybox(root: string): void {
  writeTree(root, {
    'bin/': '',
    'etc/passwd': 'root:x:0:0::/root:/bin/sh\nbuilder:x:1000:1001::/home/builder:/bin/sh\n',
    'etc/group': 'root:x:0:\nbuilder:x:1001:\nextra:x:2000:builder,other\n',
    'tmp/': '',
  });
  const binary = ['/usr/bin/busybox', '/bin/busybox'].find((path) => existsSync(path));
  if (binary === undefined)
    throw new Error('these tests need a static busybox: apt-get install busybox-static');
  copyFileSync(binary, join(root, 'bin/busybox'));
  chmodSync(join(root, 'bin/busybox'), 0o755);
  chmodSync(join(root, 'tmp'), 0o1777);
  for (const name of APPLETS) linkSync(join(root, 'bin/busybox'), join(root, 'bin', name));
}

/** A shell script run on snapshot `root`. */
export function shell(
  script: string,
  root: string | undefined,
  change: Partial<ExecRequest> & { readonly output?: string; readonly extra?: readonly ExecMount[] } = {},
): ExecRequest {
  const { output, extra = [], ...rest } = change;
  return {
    args: ['/bin/sh', '-c', script],
    env: ['PATH=/bin'],
    cwd: '/',
    user: '',
    hostname: 'buildkitsandbox',
    network: 'host',
    security: 'sandbox',
    extraHosts: [],
    mounts: [
      {
        destination: '/',
        type: 'bind',
        readonly: false,
        output,
        input: root === undefined ? { type: 'empty' } : { type: 'snapshot', name: root },
      },
      ...extra,
    ],
    ...rest,
  };
}
