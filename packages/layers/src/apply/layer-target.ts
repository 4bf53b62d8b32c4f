// SPDX-License-Identifier: MIT
import type { ByteString } from '../tar/byte-string.ts';

/**
 * What whiteouts and references to lower layers mean depends on where a layer goes: into the upper folder of an overlay
 * (marks; the lower folders are looked at when they are complete) or into a copy of all that lies below (removals).
 */
export interface LowerRules {
  /** Something was made at a path. */
  made(path: ByteString): void;
  /** The layers below lose a path. */
  hide(path: ByteString): void;
  /** The layers below lose all that is in a folder. */
  hideContents(folder: ByteString): void;
  /** Brings a file of the layers below to where it can be linked to. Returns false when there is no such file. */
  provide(path: ByteString): boolean;
  /** Whether `provide` and `finish` may be called before the layers below are complete. */
  readonly needsLower: boolean;
  /** Everything is unpacked: write the marks. */
  writeMarks(): void;
  /** Writes what folders look like in the end. */
  finishFolders(): void;
}
