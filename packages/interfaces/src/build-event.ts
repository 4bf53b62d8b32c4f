// SPDX-License-Identifier: MIT
import type { Digest } from '@img-build/oci';
import type { StepReason } from './step-reason.ts';

/** A place in a source file; lines and columns from 1, `end` inclusive. */
export interface SourceRange {
  readonly startLine: number;
  readonly endLine: number;
}

/** What happens in a build, in the order it happened. Times are milliseconds since the Unix epoch. */
export type BuildEvent =
  | {
      readonly type: 'vertex-added';
      readonly vertex: Digest;
      readonly name: string;
      readonly inputs: readonly Digest[];
    }
  | { readonly type: 'vertex-started'; readonly vertex: Digest; readonly at: number }
  | {
      readonly type: 'vertex-completed';
      readonly vertex: Digest;
      readonly at: number;
      readonly cached: boolean;
      readonly error?: string | undefined;
      readonly canceled?: boolean | undefined;
    }
  | {
      readonly type: 'vertex-logged';
      readonly vertex: Digest;
      readonly stream: 1 | 2;
      readonly data: Uint8Array;
      readonly at: number;
    }
  | {
      readonly type: 'vertex-warned';
      readonly vertex: Digest;
      readonly short: string;
      readonly detail?: readonly string[] | undefined;
      readonly url?: string | undefined;
      readonly range?: SourceRange | undefined;
    }
  /** Comes before the vertex is started: why it was not found in the cache. */
  | { readonly type: 'vertex-explained'; readonly vertex: Digest; readonly reasons: readonly StepReason[] }
  | {
      readonly type: 'status-progressed';
      readonly vertex: Digest;
      /** What it is about, shown as written: `exporting layers`, a digest … */
      readonly id: string;
      /** Bytes. */
      readonly current: number;
      /** Bytes; absent when unknown or not about bytes. */
      readonly total?: number | undefined;
      readonly startedAt: number;
      readonly completedAt?: number | undefined;
      /** The step cannot go on before this is over: worth a line when it begins. */
      readonly blocks?: true | undefined;
    };

/** Takes events from a running build; never blocks it, never throws. */
export type Report = (event: BuildEvent) => void;
