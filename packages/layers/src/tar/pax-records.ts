// SPDX-License-Identifier: MIT
import type { Timespec } from '@img-build/interfaces';
import { invalid } from '../layer-error.ts';
import type { ByteString } from './byte-string.ts';

/** Keyword and value, both as byte strings. */
export type PaxRecords = ReadonlyMap<ByteString, ByteString>;

/**
 * Decodes the records of a pax extended header.
 *
 * @see POSIX.1-2017, pax, "pax Extended Header"
 * @throws LayerError `LAYER_INVALID`
 */
export function decodePaxRecords(body: Buffer): PaxRecords {
  const records = new Map<ByteString, ByteString>();
  for (let at = 0; at < body.length; ) {
    const space = body.indexOf(0x20, at);
    const digits = space === -1 || space - at > 10 ? '' : body.toString('latin1', at, space);
    const length = /^[0-9]+$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    const equals = body.indexOf(0x3d, space);
    if (length === 0 || end > body.length || equals === -1 || equals >= end || body[end - 1] !== 0x0a) {
      throw invalid('a pax header has a malformed record');
    }
    records.set(body.toString('latin1', space + 1, equals), body.toString('latin1', equals + 1, end - 1));
    at = end;
  }
  return records;
}

/** Reads a pax number. @throws LayerError `LAYER_INVALID` */
export function paxInteger(records: PaxRecords, key: string): number | undefined {
  const text = records.get(key);
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (!/^-?[0-9]+$/.test(text) || !Number.isSafeInteger(value))
    throw invalid(`a pax header has a bad number in ${key}`);
  return value;
}

/** Reads a pax time; digits finer than a nanosecond are dropped. @throws LayerError `LAYER_INVALID` */
export function paxTime(records: PaxRecords, key: string): Timespec | undefined {
  const text = records.get(key);
  if (text === undefined || text === '') return undefined;
  const match = /^(-?)([0-9]{1,18})(?:\.([0-9]*))?$/.exec(text);
  if (match === null) throw invalid(`a pax header has a bad time in ${key}`);
  const [, sign, whole = '0', fraction = ''] = match;
  const seconds = BigInt(whole);
  const nanoseconds = Number(fraction.slice(0, 9).padEnd(9, '0'));
  if (sign !== '-') return { seconds, nanoseconds };
  return nanoseconds === 0
    ? { seconds: -seconds, nanoseconds }
    : { seconds: -seconds - 1n, nanoseconds: 1_000_000_000 - nanoseconds };
}
