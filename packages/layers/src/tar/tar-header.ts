// SPDX-License-Identifier: MIT
import type { Timespec } from '@img-build/interfaces';
import type { ByteString } from './byte-string.ts';

/** What a tar entry is. */
export type TarEntryType =
  | 'file'
  | 'hardlink'
  | 'symlink'
  | 'character-device'
  | 'block-device'
  | 'directory'
  | 'fifo';

/** One entry of a tar archive, extensions resolved. */
export interface TarHeader {
  /** As written, not normalised; a directory may end in `/`. */
  readonly name: ByteString;
  readonly type: TarEntryType;
  /** Permission, set-id and sticky bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of the file; 0 for everything else. */
  readonly size: number;
  readonly modified: Timespec;
  /** Target of a link; empty otherwise. */
  readonly linkName: ByteString;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
  /** The content has holes: what is not delivered is zero. */
  readonly sparse: boolean;
}

/** The xattrs of an entry that has none. */
export const NO_XATTRS: ReadonlyMap<string, Uint8Array> = new Map();

/** Receives the entries of an archive, in order. Whatever it throws ends the parsing. */
export interface TarSink {
  entry(header: TarHeader): void;
  /** A part of the current file's content. The memory is only lent. */
  content(bytes: Uint8Array, position: number): void;
  /** The current entry is complete. */
  end(): void;
}
