// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { must } from '../support/run.ts';
import { testRun } from '../support/test-run.ts';

/** The root of this repository. */
export const ROOT: string = resolve(import.meta.dirname, '../..');

/** What the tests need to know of a package.json. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** The manifest in a folder. */
export function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** Builds and packs a package with those of the workspace that it needs, and installs the tarballs in an empty folder. */
export async function installPacked(short: string): Promise<string> {
  const folder = mkdtempSync(join(testRun().folder, 'consumer-'));
  const tarballs = join(folder, 'tarballs');
  mkdirSync(tarballs);
  await packInto(tarballs, short);
  writeFileSync(join(folder, 'package.json'), '{"name":"consumer","private":true,"type":"module"}\n');
  const files = readdirSync(tarballs).map((name) => join(tarballs, name));
  await must(
    'npm',
    ['install', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts', ...files],
    { cwd: folder, env: registryEnvironment() },
  );
  return folder;
}

/** One at a time: a build starts by removing what another may be packing. */
async function packInto(tarballs: string, short: string): Promise<void> {
  const packages = [...workspaceClosure(short)].map((each) => join(ROOT, 'packages', each));
  const script = `
turbo=$1 filter=$2 tarballs=$3; shift 3
"$turbo" run build "--filter=$filter"
for package in "$@"; do (cd "$package" && pnpm pack --pack-destination "$tarballs"); done`;
  const lock = join(testRun().folder, 'pack.lock');
  const turbo = join(ROOT, 'node_modules/.bin/turbo');
  await must(
    'flock',
    [lock, 'sh', '-euc', script, 'sh', turbo, `@img-build/${short}`, tarballs, ...packages],
    {
      cwd: ROOT,
      env: { TURBO_TELEMETRY_DISABLED: '1' },
    },
  );
}

/** Short names of a package and of the workspace packages it needs at run time. */
function workspaceClosure(short: string, found: Set<string> = new Set()): ReadonlySet<string> {
  found.add(short);
  for (const name of Object.keys(manifestOf(join(ROOT, 'packages', short)).dependencies ?? {})) {
    const other = /^@img-build\/(.+)$/.exec(name)?.[1];
    if (other !== undefined && !found.has(other)) workspaceClosure(other, found);
  }
  return found;
}

/** What npm needs to reach its registry the way the machine is set up. */
function registryEnvironment(): Record<string, string> {
  const names = [
    'SSL_CERT_FILE',
    'NODE_EXTRA_CA_CERTS',
    'npm_config_registry',
    'HTTPS_PROXY',
    'https_proxy',
    'NO_PROXY',
    'no_proxy',
  ];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}
