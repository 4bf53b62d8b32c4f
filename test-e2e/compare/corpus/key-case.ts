// SPDX-License-Identifier: MIT
import type { HashedEntry } from '../key-formulas.ts';

/** Where something comes from: a record, or a part of one. */
export type KeySource = string | readonly [record: string, selector: string];

/** What a build is to leave behind. */
export interface ExpectedKeys {
  /** Both keys of the base image. */
  readonly base: readonly [string, string];
  /** A step whose input i is any of `inputs[i]`; returns its record. */
  step(record: string, ...inputs: readonly (readonly KeySource[])[]): string;
  /** A file or folder of the context. */
  entry(path: string): HashedEntry;
}

/** A build and the keys it must leave. */
export interface KeyCase {
  readonly name: string;
  /** `BASE` stands for the base image. */
  readonly dockerfile: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly links?: Readonly<Record<string, string>>;
  readonly modes?: Readonly<Record<string, number>>;
  keys(expected: ExpectedKeys): void;
}
