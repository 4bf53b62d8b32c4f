// SPDX-License-Identifier: MIT
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must, type RunOptions } from './run.ts';
import { testRun } from './test-run.ts';

const TRIMMED = ['doc', 'man', 'locale', 'info'].flatMap((name) => [
  '--dpkgopt',
  `path-exclude=/usr/share/${name}/*`,
]);

/** The machine's own release: the one whose signing keys it surely has. */
export function debianRelease(): string {
  return /^VERSION_CODENAME=(\S+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'stable';
}

/** Bootstraps a Debian with these packages into a new tar and returns its path. */
export async function makeDebianRoot(packages: readonly string[]): Promise<string> {
  const scratch = mkdtempSync(join(testRun().folder, 'debian-'));
  // Unprivileged, mmdebstrap works here under other ids.
  chmodSync(scratch, 0o1777);
  const tar = join(scratch, 'root.tar');
  const include = packages.length === 0 ? [] : [`--include=${packages.join(',')}`];
  await must('mmdebstrap', ['--variant=apt', '--quiet', ...include, ...TRIMMED, debianRelease(), tar], {
    env: { TMPDIR: scratch },
    timeout: 280_000,
  });
  return tar;
}

/** Downloads the upstream archive of a Debian source package into `folder`, as any user may, and returns its name. */
export async function downloadDebianSource(
  name: string,
  folder: string,
  options: RunOptions,
): Promise<string> {
  const state = mkdtempSync(join(testRun().folder, 'apt-'));
  for (const path of ['', 'lists', 'lists/partial', 'archives', 'archives/partial']) {
    if (path !== '') mkdirSync(join(state, path));
    chmodSync(join(state, path), 0o777);
  }
  const key = '/usr/share/keyrings/debian-archive-keyring.gpg';
  writeFileSync(
    join(state, 'sources.list'),
    `deb-src [signed-by=${key}] http://deb.debian.org/debian ${debianRelease()} main\n`,
  );
  const settings = [
    `Dir::State=${state}`,
    'Dir::State::status=/dev/null',
    `Dir::Cache=${state}`,
    `Dir::Etc::SourceList=${join(state, 'sources.list')}`,
    'Dir::Etc::SourceParts=-',
    'APT::Update::Post-Invoke-Success::=',
  ].flatMap((setting) => ['-o', setting]);
  await must('apt-get', ['-qq', ...settings, 'update'], options);
  await must('apt-get', ['-qq', ...settings, 'source', '--download-only', name], { ...options, cwd: folder });
  const archive = readdirSync(folder).find((each) => /\.orig\.tar\.[a-z0-9]+$/.test(each));
  if (archive === undefined) throw new Error(`the source package ${name} has no upstream archive`);
  return archive;
}
