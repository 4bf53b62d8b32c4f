// SPDX-License-Identifier: MIT
export { contentKey, isEphemeral, recordDigest } from './cache-key.ts';
export type { VertexFate } from './graph.ts';
export {
  createSolver,
  type SolveOptions,
  type Solver,
  type SolverOptions,
  type VertexOutcome,
} from './solver.ts';
export { SolverError, type SolverErrorCode } from './solver-error.ts';
