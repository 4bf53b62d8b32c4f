// SPDX-License-Identifier: MIT
import { chownSync, lchownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Identity } from './identity.ts';
import { type Image, readOciArchive } from './image.ts';
import { must, type Running, type RunOptions, type RunResult, run, start } from './run.ts';
import { testRun } from './test-run.ts';

/** How a command is run in a workspace. */
export interface ImgOptions extends Omit<RunOptions, 'as'> {
  /** Another state folder than the workspace's. */
  readonly state?: string | undefined;
  readonly backend?: 'native' | 'overlayfs' | undefined;
  /** Without what a worker needs to start: the command can neither mount, nor copy into an image, nor run anything. */
  readonly helpless?: boolean | undefined;
}

/** Texts or bytes by path. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** A folder, a home and a state of one user. */
export interface Workspace {
  readonly identity: Identity;
  readonly folder: string;
  readonly state: string;
  readonly home: string;
  /** Makes a folder with these files, all owned by the user, and returns its path. */
  context(files: Files): string;
  /** Writes files below the workspace's folder, owned by the user. */
  write(files: Files): void;
  /** Runs the command, whatever comes of it. */
  img(args: readonly string[], options?: ImgOptions): Promise<RunResult>;
  /** Runs the command, which has to succeed. */
  ok(args: readonly string[], options?: ImgOptions): Promise<RunResult>;
  /** Runs the command with exactly these arguments. */
  raw(args: readonly string[], options?: Omit<RunOptions, 'as'>): Promise<RunResult>;
  /** Starts the command. */
  start(args: readonly string[], options?: ImgOptions): Running;
  /** Builds files (with a `Dockerfile` among them) and reads the image. */
  build(files: Files, args?: readonly string[], options?: ImgOptions): Promise<Image>;
  /** Reads a stored image. */
  image(name: string, options?: ImgOptions): Promise<Image>;
  remove(): void;
}

/** Opens a workspace for one user. */
export function openWorkspace(identity: Identity): Workspace {
  const { folder: parent, img: command } = testRun();
  const folder = mkdtempSync(join(parent, `${identity.kind}-`));
  chownSync(folder, identity.uid, identity.gid);
  const state = join(folder, 'state');
  const home = join(folder, 'home');
  let count = 0;

  function own(path: string): void {
    lchownSync(path, identity.uid, identity.gid);
  }

  function makeFolder(path: string): void {
    if (path === folder || mkdirSync(path, { recursive: true }) === undefined) return;
    for (let at = path; at.startsWith(`${folder}/`); at = dirname(at)) own(at);
  }

  function write(files: Files, below = folder): void {
    for (const [name, content] of Object.entries(files)) {
      const path = join(below, name);
      makeFolder(dirname(path));
      writeFileSync(path, content);
      own(path);
    }
  }

  makeFolder(home);
  makeFolder(join(folder, 'tmp'));

  const program = ({ helpless = false }: ImgOptions): string => (helpless ? 'setpriv' : command);
  const full = (
    args: readonly string[],
    { state: other = state, backend, helpless = false }: ImgOptions,
  ): string[] => [
    ...(helpless ? [...withoutPrivileges(identity), command] : []),
    '-s',
    other,
    ...(backend === undefined ? [] : ['-b', backend]),
    ...args,
  ];
  const options = (given: ImgOptions): RunOptions => ({
    cwd: folder,
    ...given,
    as: identity,
    env: { HOME: home, TMPDIR: join(folder, 'tmp'), ...given.env },
  });

  const workspace: Workspace = {
    identity,
    folder,
    state,
    home,
    write,
    context(files) {
      const path = join(folder, `context-${++count}`);
      makeFolder(path);
      write(files, path);
      return path;
    },
    img: async (args, given = {}) => await run(program(given), full(args, given), options(given)),
    ok: async (args, given = {}) => await must(program(given), full(args, given), options(given)),
    raw: async (args, given = {}) => await run(command, args, options(given)),
    start: (args, given = {}) => start(program(given), full(args, given), options(given)),
    async build(files, args = [], given = {}) {
      const context = workspace.context(files);
      const name = `test/image:${count}`;
      await workspace.ok(['build', '-t', name, ...args, context], given);
      return await workspace.image(name, given);
    },
    async image(name, given = {}) {
      const { stdoutBytes } = await workspace.ok(['save', '--format', 'oci', name], given);
      const [image] = readOciArchive(stdoutBytes);
      if (image === undefined) throw new Error(`${name}: the archive holds no image`);
      return image;
    },
    remove() {
      // As an unprivileged user, files of other ids go with the whole run.
      if (process.getuid?.() === 0) rmSync(folder, { recursive: true, force: true });
    },
  };
  return workspace;
}

/** Arguments of setpriv that leave no way into a namespace. */
function withoutPrivileges({ kind }: Identity): readonly string[] {
  return ['--no-new-privs', ...(kind === 'root' ? ['--bounding-set', '-sys_admin,-setuid,-setgid'] : [])];
}
