// SPDX-License-Identifier: MIT
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHostCalls } from '../../src/index.ts';

/** Run inside a mount namespace by mount-calls.test.ts; prints what it saw as JSON. */
const [scenario = '', root = ''] = process.argv.slice(2);
const host = createHostCalls();
const userxattr = readFileSync('/proc/self/uid_map', 'utf8').includes('4294967295') ? [] : ['userxattr'];

function folder(...names: readonly string[]): string {
  const path = join(root, ...names);
  mkdirSync(path, { recursive: true });
  return path;
}

function codeOf(action: () => unknown): unknown {
  try {
    action();
    return 'no error';
  } catch (error) {
    const { code, syscall, path } = error as NodeJS.ErrnoException;
    return { code, syscall, path };
  }
}

function tmpfs(): unknown {
  const target = folder('tmpfs');
  host.mount('tmpfs', target, 'tmpfs', ['size=1m', 'nosuid', 'nodev', 'mode=0700', 'private']);
  writeFileSync(join(target, 'file'), 'x');
  const flags = host.mountFlags(target);
  host.unmount(target);
  return {
    flags,
    gone: !existsSync(join(target, 'file')),
    again: codeOf(() => host.unmount(target)),
    target,
  };
}

function bind(): unknown {
  const source = folder('source');
  const target = folder('target');
  host.mount('tmpfs', source, 'tmpfs', ['nosuid', 'noexec']);
  host.mount(source, target, '', ['rbind', 'ro']);
  return {
    flags: host.mountFlags(target),
    sourceFlags: host.mountFlags(source),
    write: codeOf(() => writeFileSync(join(target, 'a'), '')),
    target,
  };
}

function overlay(layers: number): unknown {
  const target = folder('merged');
  const base = folder('a:b,c\\d', 'a long name to make paths in options long');
  const lower = Array.from({ length: layers }, (_, index) =>
    folder(base.slice(root.length), String(index), 'fs'),
  );
  for (const [index, path] of lower.entries()) writeFileSync(join(path, `file${index}`), 'x');
  writeFileSync(join(lower[0] ?? '', 'same'), 'top');
  writeFileSync(join(lower.at(-1) ?? '', 'same'), 'bottom');
  const upper = folder(base.slice(root.length), 'upper');
  const work = folder(base.slice(root.length), 'work');
  const options = [`lowerdir=${lower.join(':')}`, `upperdir=${upper}`, `workdir=${work}`, ...userxattr];
  host.mount('overlay', target, 'overlay', options);
  const seen = lower.filter((_, index) => existsSync(join(target, `file${index}`))).length;
  rmSync(join(target, 'file0'));
  writeFileSync(join(target, 'new'), 'n');
  const result = {
    seen,
    same: readFileSync(join(target, 'same'), 'utf8'),
    written: existsSync(join(upper, 'new')),
    cwd: process.cwd(),
  };
  host.unmount(target);
  // Overlayfs makes a folder in it that nobody outside this namespace may read or remove.
  rmSync(work, { recursive: true });
  return result;
}

const scenarios: Readonly<Record<string, () => unknown>> = {
  tmpfs,
  bind,
  overlay: () => overlay(3),
  'overlay of 400 layers': () => overlay(400),
  'too many layers': () => codeOf(() => overlay(501)),
  'missing source': () => codeOf(() => host.mount(join(root, 'nothing'), folder('target'), '', ['bind'])),
};

process.stdout.write(JSON.stringify(scenarios[scenario]?.() ?? null));
