// SPDX-License-Identifier: MIT
import type { RunMount } from './ast.ts';
import { DockerfileError } from './dockerfile-error.ts';
import { parseBoolean, parseMemorySize } from './flag-values.ts';
import { withSuggestion } from './suggestion.ts';

/** Kinds of `RUN --mount`. */
export type MountType = 'bind' | 'cache' | 'tmpfs' | 'secret' | 'ssh';

/** How users of one cache mount share it. */
export type CacheSharing = 'shared' | 'private' | 'locked';

/** A mount after expansion and checks. Strings are empty and numbers `null` where nothing was given. */
export interface Mount {
  readonly type: MountType;
  /** Stage, context or image; never expanded. */
  readonly from: string;
  readonly source: string;
  readonly target: string;
  /** Default by type: false for cache and tmpfs, else true. */
  readonly readOnly: boolean;
  readonly id: string;
  /** `null`: not given, which means shared. */
  readonly sharing: CacheSharing | null;
  /** Secret and ssh: fail when it is not there. */
  readonly required: boolean;
  /** Secret: name of the environment variable to set; `null`: none. */
  readonly env: string | null;
  /** Permission bits. */
  readonly mode: number | null;
  readonly uid: number | null;
  readonly gid: number | null;
  /** Tmpfs: bytes; 0: no limit. */
  readonly sizeLimit: number;
}
