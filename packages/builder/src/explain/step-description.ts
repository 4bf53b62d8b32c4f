// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import type { Digest } from '@img-build/oci';

/** A variable's value, or what stands for one that looks like a secret. */
export type VariableValue = string | { readonly hidden: string };

/** Something from outside that a step is. */
export interface StepSource {
  readonly kind: 'image' | 'git' | 'http' | 'other';
  readonly name: string;
  /** Tells states of it apart: a manifest digest, else a digest of the content. */
  readonly pin: string;
}

/** One input of a step. */
export interface StepInput {
  /** What progress calls it; empty for a folder of the user. */
  readonly name: string;
  /** Cache keys of it; equal inputs share one. None for what exists in one build only. */
  readonly keys: readonly string[];
  /** Digest of the part that is used, when that is what counts. */
  readonly content?: Digest | undefined;
  /** When the input is no step but something from outside. */
  readonly source?: StepSource | undefined;
}

/** A step in the words of who wrote it. Only what may change its cache key is in it, and the names to say so. */
export interface StepDescription {
  /** What progress shows. */
  readonly name: string;
  /** As written. */
  readonly instruction: string;
  readonly platform: string;
  /** What it does and how, by what users call it: `command`, `user`, `mount /cache` … */
  readonly settings: Readonly<Record<string, string>>;
  readonly args: Readonly<Record<string, VariableValue>>;
  readonly env: Readonly<Record<string, VariableValue>>;
  readonly source?: StepSource | undefined;
  readonly inputs: readonly StepInput[];
  /** The cache map: whatever is not described above. */
  readonly definition: Digest | undefined;
}

/** What a description is known by. */
export function fingerprintOf(description: StepDescription): string {
  const { name: _, inputs, ...rest } = description;
  // An input whose content counts may be called and keyed differently from one build to the next.
  const counted = inputs.map(({ keys, content }) => content ?? keys);
  return createHash('sha256')
    .update(JSON.stringify({ ...rest, inputs: counted }))
    .digest('hex');
}
