// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import {
  type BigIntStats,
  chownSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHostCalls } from '@img-build/host';
import type { ApplyOptions, ApplyResult, BlobFiles, HostCalls, Mount } from '@img-build/interfaces';
import {
  type ApplierOptions,
  createApplier,
  detectPacking,
  NO_XATTRS,
  type PackEntry,
  packEntries,
  type TarHeader,
} from '@img-build/layers';
import { type Descriptor, type Digest, layerType } from '@img-build/oci';

export const host: HostCalls = createHostCalls();

/** An id files can be given to: a second one where the namespace has it. */
export function otherId(folder: string): number {
  const probe = join(folder, 'owner-probe');
  writeFileSync(probe, '');
  try {
    chownSync(probe, 1000, 1000);
    return 1000;
  } catch {
    return 0;
  } finally {
    rmSync(probe);
  }
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'layers-'));
}

/** What an entry is when nothing else is said. */
export type Part = Partial<Omit<TarHeader, 'size' | 'modified'>> & {
  readonly name: string;
  readonly text?: string;
  readonly seconds?: number;
};

export function entry({ text, seconds = 1_600_000_000, ...part }: Part, folder: string): PackEntry {
  const content =
    text === undefined
      ? undefined
      : join(folder, `content-${createHash('sha256').update(text).digest('hex')}`);
  if (content !== undefined) writeFileSync(content, text as string);
  return {
    content,
    header: {
      type: part.name.endsWith('/') ? 'directory' : 'file',
      mode: part.name.endsWith('/') ? 0o755 : 0o644,
      uid: 0,
      gid: 0,
      linkName: '',
      deviceMajor: 0,
      deviceMinor: 0,
      xattrs: NO_XATTRS,
      sparse: false,
      modified: { seconds: BigInt(seconds), nanoseconds: 0 },
      size: text === undefined ? 0 : Buffer.byteLength(text),
      ...part,
    },
  };
}

export async function tarOf(folder: string, parts: readonly Part[]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of packEntries(parts.map((part) => entry(part, folder)))) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export function bind(source: string): readonly Mount[] {
  return [{ type: 'bind', source, options: ['rbind', 'rw'] }];
}

/** `lowers` from top to bottom. */
export function overlay(upper: string, ...lowers: readonly string[]): readonly Mount[] {
  return [
    {
      type: 'overlay',
      source: 'overlay',
      options: [`lowerdir=${lowers.join(':')}`, `upperdir=${upper}`, `workdir=${upper}.work`, 'userxattr'],
    },
  ];
}

/** Applies bytes as a layer. */
export async function applyBytes(
  folder: string,
  bytes: Buffer,
  mounts: readonly Mount[],
  options: ApplyOptions &
    Partial<ApplierOptions> & { readonly mediaType?: string; readonly digest?: Digest } = {},
): Promise<ApplyResult> {
  const path = join(folder, `blob-${Math.random().toString(36).slice(2)}`);
  writeFileSync(path, bytes);
  const blobs: BlobFiles = { pathOf: () => path };
  const layer: Descriptor = {
    mediaType: options.mediaType ?? mediaTypeOf(bytes),
    digest: options.digest ?? `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
    size: bytes.length,
  };
  return createApplier({ blobs, host, ...options }).apply(layer, mounts, options);
}

function mediaTypeOf(bytes: Buffer): string {
  const packing = detectPacking(bytes);
  return packing === 'gzip' || packing === 'zstd' ? layerType('oci', packing) : layerType('oci', 'none');
}

/** A tree as lines of text: everything a layer keeps. Names are shown byte by byte. */
export function describeTree(root: string, folder = ''): string[] {
  return readdirSync(bytes(join(root, folder)), { encoding: 'latin1' })
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      const real = bytes(join(root, path));
      const stat = lstatSync(real, { bigint: true });
      const xattrs = host
        .listXattr(real)
        .map((key) => `${key}=${Buffer.from(host.getXattr(real, key) ?? []).toString('latin1')}`);
      const line = [
        path,
        stat.mode.toString(8),
        `${stat.uid}:${stat.gid}`,
        stat.mtimeNs,
        contentOf(real, stat),
        ...xattrs.sort(),
      ].join(' ');
      return stat.isDirectory() ? [line, ...describeTree(root, path)] : [line];
    });
}

function contentOf(real: Buffer, stat: BigIntStats): string {
  if (stat.isFile()) return createHash('sha256').update(readFileSync(real)).digest('hex');
  if (stat.isSymbolicLink()) return `-> ${readlinkSync(real)}`;
  return stat.isDirectory() ? '/' : `device ${stat.rdev}`;
}

function bytes(path: string): Buffer {
  return Buffer.from(path, 'latin1');
}

/** Only the paths of a tree. */
export function pathsOf(root: string): string[] {
  return describeTree(root).map((line) => line.split(' ')[0] as string);
}
