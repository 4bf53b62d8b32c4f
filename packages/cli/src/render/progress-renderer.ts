// SPDX-License-Identifier: MIT
import type { BuildEvent } from '@img-build/interfaces';
import type { StepChange } from './build-log.ts';

/** Shows a build. */
export interface ProgressRenderer {
  show(event: BuildEvent, change: StepChange): void;
  /** Makes room for text that is no part of the progress. */
  makeRoom(): void;
  /** Called once, when nothing more comes. */
  finish(): void;
}
