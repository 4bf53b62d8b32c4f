// SPDX-License-Identifier: MIT

const BLOCK = 512;
const LARGEST_OCTAL = 8 * 1024 ** 3;

/** A member of an image archive. */
export interface ArchiveEntry {
  /** Short and ASCII; ends in `/` for a folder. */
  readonly path: string;
  readonly mode: number;
  /** Bytes. */
  readonly size: number;
  readonly open: () => AsyncIterable<Uint8Array>;
}

/**
 * Writes a tar whose members belong to 0:0 and have time 0: the same members give the same bytes. Image archives only
 * hold a few short ASCII names, so forty lines do; layers, which need everything tar can say, have a writer of their own.
 *
 * @see POSIX.1-1988 ustar
 */
export async function* writeUstar(
  entries: Iterable<ArchiveEntry>,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const entry of entries) {
    yield header(entry);
    let written = 0;
    for await (const chunk of entry.open()) {
      written += chunk.byteLength;
      yield chunk;
    }
    if (written !== entry.size) throw new Error(`${entry.path} has ${written} bytes, not ${entry.size}`);
    const rest = written % BLOCK;
    if (rest > 0) yield new Uint8Array(BLOCK - rest);
  }
  yield new Uint8Array(2 * BLOCK);
}

function header({ path, mode, size }: ArchiveEntry): Uint8Array {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, width: number): void =>
    void block.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at, 'latin1');
  if (Buffer.byteLength(path) > 100) throw new Error(`${path} is too long for an archive member`);
  block.write(path, 0, 'latin1');
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  if (size < LARGEST_OCTAL) octal(size, 124, 12);
  else {
    // Above 8 GiB the size is binary, marked by the highest bit.
    block[124] = 0x80;
    block.writeBigUInt64BE(BigInt(size), 128);
  }
  octal(0, 136, 12);
  block.fill(' ', 148, 156);
  block.write(path.endsWith('/') ? '5' : '0', 156, 'latin1');
  block.write('ustar\u000000', 257, 'latin1');
  octal(0, 329, 8);
  octal(0, 337, 8);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}
