// SPDX-License-Identifier: MIT
import type { CopyStep, State } from '@img-build/llb';

/** A copy of one path, as COPY has it. */
export function copyStep(from: State, source: string, destination: string): CopyStep {
  return {
    type: 'copy',
    from,
    source,
    destination,
    followSymlinks: true,
    contentsOnly: true,
    createDestination: true,
    allowWildcard: true,
    allowEmptyWildcard: true,
  };
}
