// SPDX-License-Identifier: MIT
import type { Command } from './command.ts';

/** A program under measurement. A method answers undefined when the program has no such command. */
export interface Builder {
  readonly name: string;
  /** What a reader must know to repeat it: version, storage, runtime. */
  readonly description: string;
  build(context: string, tag: string): Command;
  /** Fetches an image's blobs; what is not unpacked by that is unpacked on first use. */
  pull(image: string): Command | undefined;
  tag(image: string, name: string): Command | undefined;
  push(image: string): Command | undefined;
  version(): Command | undefined;
  /** Makes the builder forget every image and all cache. */
  reset(): Command | undefined;
}
