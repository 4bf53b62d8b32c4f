// SPDX-License-Identifier: MIT

/** A step as it was when it was executed. */
export interface StepEntry {
  /** What the steps of one Dockerfile and context have in common. */
  readonly project: string;
  /** Digest of the Dockerfile's text: what a project is known by elsewhere. */
  readonly dockerfile: string;
  /** Platform, stage and number inside the stage. */
  readonly place: string;
  /** Digest of the instruction as written. */
  readonly instruction: string;
  /** Cache key of the result; empty for a step that failed. */
  readonly key: string;
  /** Digest of `description`. */
  readonly fingerprint: string;
  /** What the step was, in the words of who wrote it. */
  readonly description: string;
  readonly failed: boolean;
}

/** A kept step. */
export interface StoredStep extends StepEntry {
  readonly id: number;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly prunedAt?: number | undefined;
}

/** Which steps may be earlier states of one. */
export type StepQuery = Pick<StepEntry, 'project' | 'dockerfile' | 'place' | 'instruction'>;

/** Descriptions of executed steps, so that a later build can say what has changed. Bounded: old ones are dropped. */
export interface StepStore {
  /** Steps of the project, or of the same text, that have the instruction or the place; newest first, few. */
  candidates(query: StepQuery): readonly StoredStep[];
  byKey(key: string): StoredStep | undefined;
  /** What was kept of the files a step read. */
  filesOf(id: number): Uint8Array | undefined;
  /** Those of `keys` that no step of the project has. */
  unknown(project: string, keys: readonly string[]): ReadonlySet<string>;
  knowsProject(query: Pick<StepEntry, 'project' | 'dockerfile'>): boolean;
  /** Keeps steps as one transaction; an equal one of the same project and place is replaced. */
  put(steps: readonly (StepEntry & { readonly files?: Uint8Array | undefined })[]): void;
  /** Marks the steps whose results are gone as pruned at this time, and keeps little of them. */
  markPruned(at: number): void;
}

/** A build that ended. */
export interface BuildEntry {
  /** A name of the build that no other has. */
  readonly reference: string;
  /** Digest of everything that decides which steps there are; two fully cached builds with the same one need no second look. */
  readonly fingerprint: string;
  readonly at: number;
  /** Whatever its writer wants to know later; compressed. */
  readonly report: Uint8Array;
}

/** The latest builds: at most 50, none older than 48 hours. */
export interface BuildHistory {
  add(build: BuildEntry): void;
  /** Newest first. */
  list(): readonly BuildEntry[];
  knows(fingerprint: string): boolean;
}
