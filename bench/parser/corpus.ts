// SPDX-License-Identifier: MIT
import { type ExecFileSyncOptions, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Debian source packages that hold Dockerfiles people wrote for their own use or to test a builder. */
const PACKAGES = [
  'bpftrace',
  'containerd',
  'docker-compose',
  'docker.io',
  'etcd',
  'golang-github-containers-buildah',
  'grpc',
  'knot-resolver',
  'libpod',
  'protobuf',
  'skopeo',
  'syslog-ng',
];

/** `Dockerfile`, `Dockerfile.alpine`, `alpine.Dockerfile`, `Containerfile` and the like. */
const NAME = /(?:^|\/)(?:[^/]*\.)?(?:docker|container)file(?:[._-][^/]*)?(?<!\.md)$/i;
const MAX_BYTES = 1_000_000;

/** A real file. */
export interface CorpusFile {
  /** Archive and path in it. */
  readonly name: string;
  readonly text: string;
}

/**
 * Collects the corpus: source packages are downloaded with apt lists of the
 * folder's own, which needs no rights, and kept there for the next run.
 */
export function collectCorpus(folder: string): readonly CorpusFile[] {
  const archives = join(folder, 'archives');
  mkdirSync(archives, { recursive: true });
  if (readdirSync(archives).length === 0) download(folder, archives);
  const files = readdirSync(archives)
    .filter((name) => /\.tar\.[a-z0-9]+$/.test(name))
    .toSorted()
    .flatMap((name) => dockerfilesIn(folder, name));
  if (files.length === 0) throw new Error(`no Dockerfiles in ${archives}`);
  return files;
}

function download(folder: string, archives: string): void {
  const lists = join(folder, 'apt/lists');
  const cache = join(folder, 'apt/cache');
  for (const each of [join(lists, 'partial'), join(cache, 'archives/partial')])
    mkdirSync(each, { recursive: true });
  const release = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  if (release === undefined)
    throw new Error('the corpus comes from Debian source packages; this is not Debian');
  const sources = join(folder, 'apt/sources.list');
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
  writeFileSync(sources, `deb-src [signed-by=${keyring}] http://deb.debian.org/debian ${release} main\n`);
  const config = join(folder, 'apt/apt.conf');
  writeFileSync(
    config,
    [
      `Dir::Etc::sourcelist "${sources}";`,
      'Dir::Etc::sourceparts "-";',
      `Dir::State::lists "${lists}";`,
      `Dir::Cache "${cache}";`,
    ].join('\n'),
  );
  const options: ExecFileSyncOptions = {
    cwd: archives,
    env: { ...process.env, APT_CONFIG: config },
    stdio: ['ignore', 2, 2],
  };
  execFileSync('apt-get', ['-qq', 'update'], options);
  execFileSync('apt-get', ['-qq', 'source', '--download-only', ...PACKAGES], options);
}

function dockerfilesIn(folder: string, label: string): CorpusFile[] {
  const extracted = join(folder, 'files', label);
  if (!existsSync(extracted)) extract(join(folder, 'archives', label), extracted);
  return readdirSync(extracted, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
    .flatMap((path) => {
      const text = readFileSync(path, 'utf8');
      return text === '' || text.length > MAX_BYTES
        ? []
        : [{ name: relative(join(folder, 'files'), path), text }];
    });
}

/** Takes the Dockerfiles out of an archive, regular files only. */
function extract(archive: string, target: string): void {
  const listed = execFileSync('tar', ['-tvf', archive], { encoding: 'utf8', maxBuffer: 1 << 28 });
  const names = listed
    .split('\n')
    .filter((line) => line.startsWith('-'))
    .map((line) => /\d\d:\d\d (.*)$/.exec(line)?.[1] ?? '')
    .filter((name) => NAME.test(name));
  mkdirSync(target, { recursive: true });
  if (names.length === 0) return;
  const options = [
    '-xf',
    archive,
    '-C',
    target,
    '--no-same-owner',
    '--no-same-permissions',
    '--files-from=-',
  ];
  execFileSync('tar', options, { input: `${names.join('\n')}\n` });
}
