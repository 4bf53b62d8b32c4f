// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import {
  decompress,
  encodeHeader,
  extractArchive,
  NO_XATTRS,
  packEntries,
  type TarHeader,
  TarParser,
} from '@img-build/layers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Header, extract as tarStreamExtract, pack as tarStreamPack } from 'tar-stream';
import { entry, host, tarOf, temporaryFolder } from './support/fixture.ts';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Seen {
  readonly header: TarHeader;
  content: Buffer;
}

/** Parses bytes that arrive in pieces of the given sizes (the last size repeats). */
function parse(bytes: Buffer, sizes: readonly number[] = [bytes.length || 1]): Seen[] {
  const seen: Seen[] = [];
  const parser = new TarParser({
    entry: (header) => seen.push({ header, content: Buffer.alloc(header.size) }),
    content: (part, position) => void Buffer.from(part).copy((seen.at(-1) as Seen).content, position),
    end() {},
  });
  for (let at = 0, index = 0; at < bytes.length; index++) {
    const size = sizes[Math.min(index, sizes.length - 1)] as number;
    parser.write(bytes.subarray(at, at + size));
    at += size;
  }
  parser.end();
  return seen;
}

/** Comparing large buffers element by element takes the test framework seconds. */
function fingerprint({ header, content }: Seen): object {
  return { header, content: createHash('sha256').update(content).digest('hex') };
}

async function pack(entries: Parameters<typeof packEntries>[0]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of packEntries(entries)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const byteName = fc
  .uint8Array({ minLength: 1, maxLength: 300 })
  .map((bytes) =>
    Buffer.from(bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x61 : byte))).toString('latin1'),
  );
const anyHeader: fc.Arbitrary<TarHeader> = fc
  .record({
    name: fc.array(byteName, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/')),
    type: fc.constantFrom('file', 'hardlink', 'symlink', 'fifo', 'character-device'),
    mode: fc.nat(0o7777),
    uid: fc.nat(2 ** 32 - 1),
    gid: fc.nat(2 ** 32 - 1),
    size: fc.constant(0),
    modified: fc.record({ seconds: fc.bigInt(-(2n ** 40n), 2n ** 40n), nanoseconds: fc.nat(999_999_999) }),
    linkName: byteName,
    deviceMajor: fc.nat(4095),
    deviceMinor: fc.nat(2 ** 20 - 1),
    xattrs: fc
      .dictionary(
        fc.string({ minLength: 1 }).filter((key) => !/[=\0]/.test(key)),
        fc.uint8Array(),
      )
      .map((values) => new Map(Object.entries(values).map(([key, value]) => [key, Buffer.from(value)]))),
    sparse: fc.constant(false),
  })
  .map((header) => {
    const isLink = header.type === 'hardlink' || header.type === 'symlink';
    const isDevice = header.type === 'character-device';
    return {
      ...header,
      linkName: isLink ? header.linkName : '',
      deviceMajor: isDevice ? header.deviceMajor : 0,
      deviceMinor: isDevice ? header.deviceMinor : 0,
    };
  });

describe('a tar header', () => {
  test('comes back as it was written', () => {
    fc.assert(
      fc.property(anyHeader, (header) => {
        const [seen] = parse(encodeHeader(header));
        expect(seen?.header).toEqual(header);
      }),
    );
  });

  test('does not depend on how the stream is cut', async () => {
    const file = join(folder, 'content');
    writeFileSync(file, Buffer.alloc(70_000, 'content '));
    const bytes = await pack([
      ...['a', 'b'.repeat(200), 'ü/ö']
        .map((name) => ({ ...entry({ name }, folder), content: file }))
        .map(({ header, content }) => ({ header: { ...header, size: 70_000 }, content })),
      entry({ name: 'dir/', xattrs: new Map([['user.x', Buffer.from([0, 10, 61])]]) }, folder),
    ]);
    const whole = parse(bytes).map(fingerprint);
    expect(whole).toHaveLength(4);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 10 }), (sizes) => {
        expect(parse(bytes, sizes).map(fingerprint)).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  });

  test('is read by tar-stream as it was meant', async () => {
    const headers = [
      'plain',
      `${'d/'.repeat(60)}deep`,
      'x'.repeat(150),
      `${'p'.repeat(150)}/${'n'.repeat(99)}`,
    ].map(
      (name) =>
        entry({ name, mode: 0o4755, uid: 70_000, gid: 2_000_000, seconds: 1_700_000_000 }, folder).header,
    );
    const seen: Header[] = [];
    const reader = tarStreamExtract();
    reader.on('entry', (header, stream, next) => {
      seen.push(header);
      stream.on('end', next).resume();
    });
    reader.end(Buffer.concat([...headers.map(encodeHeader), Buffer.alloc(1024)]));
    await new Promise((resolve, reject) => reader.on('finish', resolve as () => void).on('error', reject));

    expect(
      seen.map(({ name, mode, uid, gid, mtime, type }) => ({
        name,
        mode,
        uid,
        gid,
        seconds: (mtime as Date).getTime() / 1000,
        type,
      })),
    ).toEqual(
      headers.map(({ name, mode, uid, gid }) => ({
        name,
        mode,
        uid,
        gid,
        seconds: 1_700_000_000,
        type: 'file',
      })),
    );
  });

  test('of tar-stream is read as it was meant', async () => {
    const packer = tarStreamPack();
    packer.entry(
      { name: `${'é'.repeat(80)}/file`, mode: 0o600, uid: 5, gid: 6, mtime: new Date(1_600_000_000_000) },
      'text',
    );
    packer.entry({ name: 'link', type: 'symlink', linkname: 't'.repeat(180) });
    packer.entry({ name: 'dir', type: 'directory' });
    packer.finalize();
    const chunks: Buffer[] = [];
    for await (const chunk of packer) chunks.push(chunk as Buffer);
    const [file, link, dir] = parse(Buffer.concat(chunks));

    expect(file?.content.toString()).toBe('text');
    expect(Buffer.from(file?.header.name ?? '', 'latin1').toString()).toBe(`${'é'.repeat(80)}/file`);
    expect(link?.header.linkName).toBe('t'.repeat(180));
    expect(dir?.header.type).toBe('directory');
  });
});

describe('a tar stream of another program', () => {
  test.each(['v7', 'oldgnu', 'gnu', 'ustar', 'pax'])('in format %s is understood', (format) => {
    const tree = join(folder, 'tree');
    mkdirSync(tree);
    const long = format === 'v7' ? 'name' : 'n'.repeat(format === 'ustar' ? 90 : 180);
    writeFileSync(join(tree, long), 'content');
    spawnSync('touch', ['-d', format === 'pax' ? '1969-12-31T23:59:58.25Z' : '@1000', join(tree, long)]);
    const { stdout } = spawnSync(
      'tar',
      [`--format=${format}`, '--numeric-owner', '-cf', '-', '-C', tree, long],
      { encoding: 'buffer' },
    );
    const [seen] = parse(stdout);

    expect(seen?.content.toString()).toBe('content');
    expect(seen?.header.name).toBe(long);
    expect(seen?.header.modified).toEqual(
      format === 'pax' ? { seconds: -2n, nanoseconds: 250_000_000 } : { seconds: 1000n, nanoseconds: 0 },
    );
  });

  test.each([
    ['--format=gnu'],
    ['--format=pax', '--sparse-version=0.1'],
    ['--format=pax', '--sparse-version=1.0'],
  ])('with sparse files (%s %s) keeps holes and content', async (...flags) => {
    const file = join(folder, 'sparse');
    const fd = openSync(file, 'w');
    for (let index = 0; index < 40; index++) writeSync(fd, `island ${index}`, index * 100_000 + 8192);
    closeSync(fd);
    truncateSync(file, 5_000_000);
    const { stdout } = spawnSync(
      'tar',
      [...flags.filter((flag) => flag !== undefined), '--sparse', '-cf', '-', '-C', folder, 'sparse'],
      { encoding: 'buffer', maxBuffer: 1e8 },
    );
    const [seen] = parse(stdout, [1000]);
    expect(stdout.length).toBeLessThan(1_000_000);
    expect(seen?.header.name).toBe('sparse');
    expect(seen?.content.equals(readFileSync(file))).toBe(true);

    const root = join(folder, 'root');
    mkdirSync(root);
    async function* source(): AsyncGenerator<Uint8Array> {
      yield stdout;
    }
    await extractArchive(source(), { host, root, owner: 'caller' });
    expect(readFileSync(join(root, 'sparse')).equals(readFileSync(file))).toBe(true);
    expect(statSync(join(root, 'sparse')).blocks * 512).toBeLessThan(1_000_000);
  });

  test('applies global pax headers until an entry says otherwise', () => {
    const record = (text: string): string => {
      const length = text.length + 4;
      return `${length} ${text}\n`;
    };
    const meta = (type: string, body: string): Buffer => {
      const block = Buffer.from(
        encodeHeader({ ...entry({ name: 'pax' }, folder).header, size: body.length }),
      );
      block.write(type, 156);
      block.fill(0x20, 148, 156);
      block.write(
        `${block
          .reduce((sum, byte) => sum + byte, 0)
          .toString(8)
          .padStart(6, '0')}\0 `,
        148,
      );
      return Buffer.concat([block, Buffer.from(body), Buffer.alloc((512 - (body.length % 512)) % 512)]);
    };
    const plain = (name: string): Buffer => encodeHeader(entry({ name }, folder).header);
    const bytes = Buffer.concat([
      meta('g', record('uid=4321')),
      plain('a'),
      meta('x', record('uid=7654')),
      plain('b'),
      plain('c'),
      Buffer.alloc(1024),
    ]);

    expect(parse(bytes).map(({ header }) => header.uid)).toEqual([4321, 7654, 4321]);
  });
});

describe('a damaged tar stream', () => {
  test('is an error and nothing else, wherever the damage is', async () => {
    const bytes = await tarOf(folder, [
      { name: 'a', text: 'some text' },
      { name: `${'long'.repeat(60)}`, xattrs: new Map([['user.a', Buffer.from('b')]]) },
      { name: 'd/' },
    ]);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), (at, value, length) => {
        const damaged = Buffer.from(bytes.subarray(0, length));
        if (at < damaged.length) damaged[at] = value;
        try {
          parse(damaged);
        } catch (error) {
          expect((error as { code?: string }).code).toMatch(/^LAYER_(INVALID|UNSUPPORTED)$/);
        }
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['a header with a wrong checksum', (bytes: Buffer) => bytes.fill('x', 0, 4)],
    ['an end in the middle of a file', (bytes: Buffer) => bytes.subarray(0, 515)],
    ['an end in the middle of a header', (bytes: Buffer) => bytes.subarray(0, 100)],
    ['entries after the end mark', (bytes: Buffer) => Buffer.concat([Buffer.alloc(512), bytes])],
    ['an extension header larger than allowed', (bytes: Buffer) => Buffer.concat([hugeExtension(), bytes])],
  ])('%s is refused', async (_name, damage) => {
    const bytes = await tarOf(folder, [{ name: 'file', text: 'text' }]);
    expect(() => parse(damage(bytes) as Buffer)).toThrow(expect.objectContaining({ code: 'LAYER_INVALID' }));
  });

  function hugeExtension(): Buffer {
    const block = Buffer.from(
      encodeHeader({ ...entry({ name: 'x' }, folder).header, size: 2 ** 31, xattrs: NO_XATTRS }),
    );
    block.write('x', 156);
    block.fill(0x20, 148, 156);
    block.write(
      `${block
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
    return block;
  }
});

describe('a zstd stream', () => {
  test('of several frames is read to its end, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.string({ maxLength: 3000 }), fc.boolean()), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 3, max: 700 }),
        async (frames, size) => {
          const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 5, 0, 0, 0, 9, 9, 9, 9, 9]);
          const packed = Buffer.concat(
            frames.flatMap(([text, skip]) =>
              skip ? [skippable, zstdCompressSync(text)] : [zstdCompressSync(text)],
            ),
          );
          async function* cut(): AsyncGenerator<Buffer> {
            for (let at = 0; at < packed.length; at += size) yield packed.subarray(at, at + size);
          }
          const chunks: Buffer[] = [];
          for await (const chunk of decompress(cut(), 'zstd')) chunks.push(chunk);
          expect(Buffer.concat(chunks).toString()).toBe(frames.map(([text]) => text).join(''));
        },
      ),
      { numRuns: 20 },
    );
  });
});
