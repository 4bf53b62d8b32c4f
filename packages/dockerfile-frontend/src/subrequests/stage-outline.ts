// SPDX-License-Identifier: MIT
import type { SourceRange } from '@img-build/interfaces';

/** An ARG that decides something. */
export interface OutlinedArg {
  readonly name: string;
  readonly value: string;
  readonly description: string;
  readonly range: SourceRange;
  /** Names its default is made from. */
  readonly uses: readonly string[];
}

/** A secret, an agent or a cache that a RUN asks for. */
export interface OutlinedMount {
  readonly required: boolean;
  readonly range: SourceRange;
}

/** What parameters a stage takes; filled while it is lowered. */
export class StageOutline {
  /** Names of ARGs the stage declares, and of variables in its FROM. */
  readonly used: Set<string> = new Set();
  /** ARGs that have a value of their own here, by name. */
  readonly args: Map<string, OutlinedArg> = new Map();
  readonly secrets: Map<string, OutlinedMount> = new Map();
  readonly ssh: Map<string, OutlinedMount> = new Map();
  /** Cache mounts by id. */
  readonly caches: Map<string, OutlinedMount> = new Map();
}

/** Adds a mount; of several with one name the first in the file tells the place, and one that requires it is enough. */
export function addMount(mounts: Map<string, OutlinedMount>, name: string, mount: OutlinedMount): void {
  const known = mounts.get(name);
  if (known === undefined) {
    mounts.set(name, mount);
    return;
  }
  const first = known.range.startLine <= mount.range.startLine ? known : mount;
  mounts.set(name, { range: first.range, required: known.required || mount.required });
}
