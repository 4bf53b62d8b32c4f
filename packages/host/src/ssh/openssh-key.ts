// SPDX-License-Identifier: MIT
import { createPrivateKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { createSshReader, type SshReader } from './ssh-data.ts';

const ARMOUR = /-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END OPENSSH PRIVATE KEY-----/;
const MAGIC = 'openssh-key-v1\0';

/** Curves by their name in SSH: their name in JSON web keys, and the bytes of a coordinate. */
export const CURVES: Readonly<Record<string, { readonly jwk: string; readonly size: number }>> = {
  nistp256: { jwk: 'P-256', size: 32 },
  nistp384: { jwk: 'P-384', size: 48 },
  nistp521: { jwk: 'P-521', size: 66 },
};

/** A key as ssh-keygen writes it, or why it cannot be used. */
export type OpensshKey =
  | { readonly key: KeyObject; readonly comment: string }
  | { readonly refusal: 'encrypted' | 'unsupported' };

/**
 * The first key of a file in OpenSSH's own format; `undefined` when the file has another one.
 *
 * @throws RangeError, TypeError when the file is damaged
 * @see OpenSSH, PROTOCOL.key
 */
export function readOpensshKey(file: string): OpensshKey | undefined {
  const body = ARMOUR.exec(file)?.[1];
  if (body === undefined) return undefined;
  const data = Buffer.from(body, 'base64');
  if (data.subarray(0, MAGIC.length).toString('latin1') !== MAGIC)
    throw new RangeError('the data starts wrongly');
  const outer = createSshReader(data.subarray(MAGIC.length));
  const cipher = outer.text();
  outer.text();
  outer.bytes();
  outer.uint32();
  outer.bytes();
  if (cipher !== 'none') return { refusal: 'encrypted' };
  const inner = createSshReader(outer.bytes());
  if (inner.uint32() !== inner.uint32()) throw new RangeError('the check bytes differ');
  const jwk = readJwk(inner.text(), inner);
  if (jwk === undefined) return { refusal: 'unsupported' };
  return { key: createPrivateKey({ key: jwk, format: 'jwk' }), comment: inner.text() };
}

function readJwk(type: string, reader: SshReader): JsonWebKey | undefined {
  if (type === 'ssh-ed25519') {
    const x = reader.bytes();
    // The second half is the public key again.
    const d = reader.bytes().subarray(0, 32);
    return { kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url'), d: d.toString('base64url') };
  }
  if (type === 'ssh-rsa') return readRsa(reader);
  const curve = CURVES[type.replace(/^ecdsa-sha2-/, '')];
  if (curve === undefined) return undefined;
  reader.text();
  const point = reader.bytes();
  const d = padded(reader.number(), curve.size);
  const [x, y] = [point.subarray(1, 1 + curve.size), point.subarray(1 + curve.size)];
  return {
    kty: 'EC',
    crv: curve.jwk,
    x: x.toString('base64url'),
    y: y.toString('base64url'),
    d: d.toString('base64url'),
  };
}

function readRsa(reader: SshReader): JsonWebKey {
  const [n, e, d, qi, p, q] = Array.from({ length: 6 }, () => reader.number()) as [
    Buffer,
    Buffer,
    Buffer,
    Buffer,
    Buffer,
    Buffer,
  ];
  const exponent = (prime: Buffer): Buffer => toBytes(toInteger(d) % (toInteger(prime) - 1n));
  const parts = { n, e, d, p, q, dp: exponent(p), dq: exponent(q), qi };
  return {
    kty: 'RSA',
    ...Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, value.toString('base64url')])),
  };
}

function padded(bytes: Buffer, size: number): Buffer {
  return Buffer.concat([Buffer.alloc(Math.max(0, size - bytes.length)), bytes]);
}

function toInteger(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex') || '0'}`);
}

function toBytes(value: bigint): Buffer {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
}
