// SPDX-License-Identifier: MIT
/**
 * Unpacks one gzip layer with the applier and with GNU tar in turn, and prints seconds: tools/dev node
 * --conditions=@img-build/source bench/layer.ts LAYER.tar.gz [ROUNDS] [FOLDER]. A normal user is re-started as root of a
 * user namespace. The applier also computes the diffID; what it needs to start, its thread included, is timed.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { createHostCalls } from '@img-build/host';
import type { BlobFiles } from '@img-build/interfaces';
import { createApplier } from '@img-build/layers';
import type { Digest } from '@img-build/oci';

const [layer, rounds = '5', parent = tmpdir()] = process.argv.slice(2);
if (layer === undefined) {
  console.error('usage: bench/layer.ts LAYER.tar.gz [ROUNDS] [FOLDER]');
  process.exitCode = 2;
} else if (process.getuid?.() === 0) {
  await compare(resolve(layer), Number(rounds), parent);
} else {
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  process.exitCode =
    spawnSync('unshare', ['-U', '--map-auto', '--map-root-user', ...again], { stdio: 'inherit' }).status ?? 1;
}

async function compare(file: string, count: number, folder: string): Promise<void> {
  const work = mkdtempSync(join(folder, 'img-layer-'));
  const digest = await digestOf(createReadStream(file));
  const diffId = await digestOf(createReadStream(file).pipe(createGunzip()));
  const blobs: BlobFiles = { pathOf: () => file };
  const size = statSync(file).size;
  const ours: number[] = [];
  const tars: number[] = [];
  try {
    for (let round = 0; round < count; round++) {
      ours.push(
        await timed(work, `img-${round}`, async (source) => {
          const applier = createApplier({ blobs, host: createHostCalls() });
          const mediaType = 'application/vnd.oci.image.layer.v1.tar+gzip';
          await applier.apply(
            { mediaType, digest, size },
            [{ type: 'bind', source, options: ['rw', 'rbind'] }],
            { diffId },
          );
        }),
      );
      tars.push(
        await timed(work, `tar-${round}`, async (target) => {
          execFileSync('tar', ['-xpzf', file, '--numeric-owner', '--exclude=./dev/*', '-C', target]);
        }),
      );
      console.log(`img ${ours.at(-1)?.toFixed(2)}  tar ${tars.at(-1)?.toFixed(2)}`);
    }
    console.log(
      `median: img ${median(ours).toFixed(2)} s, tar ${median(tars).toFixed(2)} s, ×${(median(tars) / median(ours)).toFixed(2)}`,
    );
  } finally {
    // Only now: see src/used-folders.ts.
    rmSync(work, { recursive: true, force: true });
  }
}

async function timed(work: string, name: string, run: (folder: string) => Promise<void>): Promise<number> {
  const folder = join(work, name);
  mkdirSync(folder);
  execFileSync('sync');
  const start = performance.now();
  await run(folder);
  return (performance.now() - start) / 1000;
}

async function digestOf(source: NodeJS.ReadableStream): Promise<Digest> {
  const hash = createHash('sha256');
  await pipeline(source, hash);
  return `sha256:${hash.digest('hex')}`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
