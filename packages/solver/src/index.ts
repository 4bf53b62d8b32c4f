// SPDX-License-Identifier: MIT
export { contentKey, derivedKey, isEphemeral, type KeyPart, recordDigest } from './cache-key.ts';
export type { VertexFate } from './graph.ts';
export type { OutcomeFinder, VertexOutcome } from './outcome.ts';
export {
  createSolver,
  type SolveOptions,
  type Solver,
  type SolverOptions,
} from './solver.ts';
export { SolverError, type SolverErrorCode } from './solver-error.ts';
