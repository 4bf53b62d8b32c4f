// SPDX-License-Identifier: MIT
import type { Digest } from '@img-build/oci';

/**
 * Paths that differ between two states of what a step reads; each list is cut to 20 paths. A folder that came or went with
 * all that is in it stands for it, with a slash at its end.
 */
export interface FileChanges {
  readonly changed: readonly string[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** How many paths differ in all. */
  readonly total: number;
}

/** A step that another one refers to. */
export interface StepName {
  readonly vertex: Digest;
  /** What progress shows. */
  readonly name: string;
}

/** One fact that kept a step from being found in the cache. A value that is absent was not there. */
export type StepCause =
  /** Nothing is known of this project. */
  | { readonly kind: 'first-build' }
  /** The project is known, and had no such instruction. */
  | { readonly kind: 'instruction-added' }
  /** Stands where another instruction stood. */
  | { readonly kind: 'instruction-changed'; readonly before: string; readonly after: string }
  /** Files that the step copies or mounts; without `files` it is not known which. `from` is a stage, an image or empty for the build context. */
  | { readonly kind: 'files-changed'; readonly from: string; readonly files?: FileChanges | undefined }
  /** `hidden` values look like secrets and are not given. */
  | {
      readonly kind: 'variable-changed';
      readonly variable: 'ARG' | 'ENV';
      readonly name: string;
      readonly before?: string | undefined;
      readonly after?: string | undefined;
      readonly hidden?: boolean | undefined;
    }
  /** `command`, `user`, `workdir`, `mount /path`, `network`, `owner` … */
  | {
      readonly kind: 'setting-changed';
      readonly setting: string;
      readonly before?: string | undefined;
      readonly after?: string | undefined;
    }
  | {
      readonly kind: 'platform-changed';
      readonly before: string;
      readonly after: string;
    }
  /** The same name leads to another image. */
  | {
      readonly kind: 'base-image-moved';
      readonly image: string;
      readonly before: string;
      readonly after: string;
    }
  | { readonly kind: 'base-image-changed'; readonly before: string; readonly after: string }
  /** A repository or a download. */
  | { readonly kind: 'source-changed'; readonly source: string }
  /** Stands on another step than before. */
  | { readonly kind: 'parent-changed'; readonly before: string; readonly after: string }
  /** Something else in its definition. */
  | { readonly kind: 'definition-changed' }
  /** What it reads is the result of steps that were executed in this build. */
  | { readonly kind: 'follows'; readonly steps: readonly StepName[] }
  /** `flag` is what asked for it. */
  | { readonly kind: 'cache-ignored'; readonly flag: string }
  /** Removed from the cache; milliseconds since the Unix epoch. */
  | { readonly kind: 'record-pruned'; readonly at: number }
  /** The cache has its record no more, and nobody pruned it. */
  | { readonly kind: 'result-lost' }
  /** The same step was executed before and did not succeed. */
  | { readonly kind: 'failed-before' }
  /** Names of the caches that were imported. */
  | { readonly kind: 'not-imported'; readonly caches: readonly string[] };

/** A cause; `step` names the step it belongs to when that is not the explained one but one before it. */
export type StepReason = StepCause & { readonly step?: string | undefined };
