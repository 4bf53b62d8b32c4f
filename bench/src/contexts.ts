// SPDX-License-Identifier: MIT
import { createCipheriv } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { treeFile, writeTree } from './tree.ts';

const FILES = 2000;
const FILE_SIZE = 20_000;
const MANY_FILES = 20_000;

/** A two-stage application: 2,000 files of 20 kB, half of it incompressible, on the Debian base. */
export function writeAppContext(folder: string, base: string): void {
  const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16));
  for (let index = 0; index < FILES; index++) {
    const place = join(folder, 'src', `module-${Math.floor(index / 50)}`);
    mkdirSync(place, { recursive: true });
    const bytes = noise.update(Buffer.alloc(FILE_SIZE / 2));
    writeFileSync(join(place, `file-${index}.txt`), bytes.toString('hex'));
  }
  writeDockerfile(folder, [
    `FROM ${base} AS build`,
    'WORKDIR /work',
    'COPY src src',
    'RUN mkdir /out && cat src/*/* | sha256sum > /out/sum && cp -r src /out/app',
    `FROM ${base}`,
    'RUN echo app:x:1000:1000::/srv:/bin/sh >> /etc/passwd',
    'COPY --from=build /out /srv',
    'USER app',
    'CMD ["cat", "/srv/sum"]',
  ]);
}

/** Gives one file of the application contents it never had. */
export function changeAppContext(folder: string, round: number): void {
  writeFileSync(join(folder, 'src/module-3/file-150.txt'), `changed ${process.pid} ${round}\n`);
}

/** Eight stages that each wait a second, and one that collects them. */
export function writeWideContext(folder: string, base: string): void {
  const stages = Array.from({ length: 8 }, (_, index) => index);
  writeDockerfile(folder, [
    ...stages.flatMap((stage) => [`FROM ${base} AS s${stage}`, `RUN sleep 1 && echo ${stage} > /o${stage}`]),
    `FROM ${base}`,
    ...stages.map((stage) => `COPY --from=s${stage} /o${stage} /`),
  ]);
}

/** Twenty small steps, each on the result of the one before. */
export function writeChainContext(folder: string, base: string): void {
  const steps = Array.from({ length: 20 }, (_, index) => `RUN echo ${index} >> /chain`);
  writeDockerfile(folder, [`FROM ${base}`, ...steps]);
}

/** The least that needs the base's files: one COPY on top of it. */
export function writeUnpackContext(folder: string, base: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'mark'), 'mark\n');
  writeDockerfile(folder, [`FROM ${base}`, 'COPY mark /mark']);
}

/** 20,000 files of 2 kB on top of a small base, with a .dockerignore as most projects have one. */
export function writeManyContext(folder: string, base: string): void {
  writeTree(folder, { files: MANY_FILES, size: 2000 });
  writeFileSync(join(folder, '.dockerignore'), '.git\nnode_modules\n**/*.log\n');
  writeDockerfile(folder, [`FROM ${base}`, 'COPY . /srv']);
}

/** Gives one of these files contents it never had. */
export function changeManyContext(folder: string, round: number): void {
  writeFileSync(treeFile(folder, 7777), `changed ${process.pid} ${round}\n`);
}

function writeDockerfile(folder: string, lines: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'Dockerfile'), `${lines.join('\n')}\n`);
}
