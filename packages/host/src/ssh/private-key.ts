// SPDX-License-Identifier: MIT
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { HostError } from '../host-error.ts';
import { CURVES, readOpensshKey } from './openssh-key.ts';
import { sshNumber, sshString } from './ssh-data.ts';

/** A private key that signs for SSH. */
export interface SshPrivateKey {
  /** The public key as SSH sends it. @see RFC 4253, section 6.6 */
  readonly publicKey: Buffer;
  readonly comment: string;
  /** A signature as SSH sends it. `flags` are those of the agent protocol: 2 and 4 ask an RSA key for SHA-256 and SHA-512. */
  sign(data: Uint8Array, flags: number): Buffer;
}

const PEM = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/;
/** Bytes: the longest key anybody uses is a fifth of that. */
const MAX_FILE = 64 * 1024;

/**
 * Reads the content of a private key file: Ed25519, ECDSA (P-256, P-384, P-521) or RSA; in OpenSSH's format or as PEM.
 *
 * @param name - what the messages call the file
 * @throws HostError `SSH_KEY_INVALID`, with a hint when an agent can hold the key
 */
export function readSshPrivateKey(content: Uint8Array, name: string): SshPrivateKey {
  const { key, comment } = openKey(content, name);
  const jwk = createPublicKey(key).export({ format: 'jwk' });
  const part = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64url');
  if (jwk.kty === 'OKP' && jwk.crv === 'Ed25519') {
    return {
      publicKey: Buffer.concat([sshString('ssh-ed25519'), sshString(part(jwk.x))]),
      comment,
      sign: (data) => signature('ssh-ed25519', sign(null, data, key)),
    };
  }
  if (jwk.kty === 'RSA') {
    return {
      publicKey: Buffer.concat([sshString('ssh-rsa'), sshNumber(part(jwk.e)), sshNumber(part(jwk.n))]),
      comment,
      sign: (data, flags) => signRsa(key, data, flags),
    };
  }
  const curve = Object.entries(CURVES).find(([, { jwk: crv }]) => crv === jwk.crv);
  if (curve === undefined) throw unsupported(name);
  const [suffix, { size }] = curve;
  const type = `ecdsa-sha2-${suffix}`;
  const point = Buffer.concat([Buffer.of(4), part(jwk.x), part(jwk.y)]);
  return {
    publicKey: Buffer.concat([sshString(type), sshString(suffix), sshString(point)]),
    comment,
    sign: (data) => signEcdsa(key, type, size, data),
  };
}

function openKey(content: Uint8Array, name: string): { readonly key: KeyObject; readonly comment: string } {
  if (content.length > MAX_FILE) throw invalid(name, `is larger than ${MAX_FILE} bytes`);
  const text = Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('latin1');
  if (!PEM.test(text)) throw invalid(name, 'is not a private key');
  // Both of OpenSSL's ways to say it; OpenSSH says it inside.
  if (/^-----BEGIN ENCRYPTED |^Proc-Type: 4,ENCRYPTED/m.test(text)) throw encrypted(name);
  try {
    const own = readOpensshKey(text);
    if (own === undefined) return { key: createPrivateKey(text), comment: name };
    if ('key' in own) return { key: own.key, comment: own.comment || name };
    throw own.refusal === 'encrypted' ? encrypted(name) : unsupported(name);
  } catch (error) {
    if (error instanceof HostError) throw error;
    throw invalid(name, 'is a damaged private key', error);
  }
}

function signRsa(key: KeyObject, data: Uint8Array, flags: number): Buffer {
  if ((flags & 4) !== 0) return signature('rsa-sha2-512', sign('sha512', data, key));
  if ((flags & 2) !== 0) return signature('rsa-sha2-256', sign('sha256', data, key));
  return signature('ssh-rsa', sign('sha1', data, key));
}

/** @see RFC 5656, sections 3.1.2 and 6.2.1 */
function signEcdsa(key: KeyObject, type: string, size: number, data: Uint8Array): Buffer {
  const hash = size === 32 ? 'sha256' : size === 48 ? 'sha384' : 'sha512';
  const numbers = sign(hash, data, { key, dsaEncoding: 'ieee-p1363' });
  const [r, s] = [numbers.subarray(0, size), numbers.subarray(size)];
  return signature(type, Buffer.concat([sshNumber(r), sshNumber(s)]));
}

function signature(type: string, blob: Uint8Array): Buffer {
  return Buffer.concat([sshString(type), sshString(blob)]);
}

function invalid(name: string, why: string, cause?: unknown): HostError {
  return new HostError(`SSH key ${name} ${why}`, { code: 'SSH_KEY_INVALID', cause });
}

function encrypted(name: string): HostError {
  return new HostError(`SSH key ${name} is protected by a passphrase`, {
    code: 'SSH_KEY_INVALID',
    hint: `add it to an agent: ssh-add ${name}, and forward the agent: --ssh default`,
  });
}

function unsupported(name: string): HostError {
  return new HostError(`SSH key ${name} is of a kind that cannot be used as a file`, {
    code: 'SSH_KEY_INVALID',
    hint: `Ed25519, ECDSA and RSA keys can; for others use an agent: ssh-add ${name}, then --ssh default`,
  });
}
