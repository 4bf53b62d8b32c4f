// SPDX-License-Identifier: MIT
import type { Files } from '../../support/workspace.ts';

/** A context and how it is built. `BASE` in a Dockerfile stands for the base image's name. */
export interface BuildCase {
  readonly name: string;
  readonly dockerfile: string;
  readonly files?: Files;
  /** A shell script that runs in the context. */
  readonly prepare?: string;
  readonly args?: readonly string[];
}
