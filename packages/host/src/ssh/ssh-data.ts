// SPDX-License-Identifier: MIT

/** Reads the data types of SSH one after the other. @see RFC 4251, section 5 */
export interface SshReader {
  /** @throws RangeError at the end of the data; as all methods */
  uint32(): number;
  bytes(): Buffer;
  text(): string;
  /** A positive number, big-endian, without the zero byte that only keeps it positive. */
  number(): Buffer;
}

/** A reader at the begin of `data`, whose parts it hands out without copying. */
export function createSshReader(data: Buffer): SshReader {
  let at = 0;
  const reader: SshReader = {
    uint32() {
      if (data.length - at < 4) throw new RangeError('the data ends too early');
      const value = data.readUInt32BE(at);
      at += 4;
      return value;
    },
    bytes() {
      const length = reader.uint32();
      if (length > data.length - at) throw new RangeError('the data ends too early');
      at += length;
      return data.subarray(at - length, at);
    },
    text: () => reader.bytes().toString('utf8'),
    number() {
      const bytes = reader.bytes();
      const start = bytes.findIndex((byte) => byte !== 0);
      return start < 0 ? Buffer.alloc(0) : bytes.subarray(start);
    },
  };
  return reader;
}

/** A number of four bytes. */
export function sshUint32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}

/** Bytes or text after their length. */
export function sshString(value: Uint8Array | string): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  return Buffer.concat([sshUint32(bytes.length), bytes]);
}

/** A positive number, given big-endian. */
export function sshNumber(value: Uint8Array): Buffer {
  const start = value.findIndex((byte) => byte !== 0);
  const bytes = start < 0 ? new Uint8Array() : value.subarray(start);
  return sshString((bytes[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
}
