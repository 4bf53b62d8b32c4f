// SPDX-License-Identifier: MIT
import { messageOf, ToolError } from '@img-build/errors';
import type { Vertex } from '@img-build/interfaces';
import type { Digest } from '@img-build/oci';

/** Reasons a solve fails. */
export type SolverErrorCode =
  | 'SOLVER_CANCELED'
  | 'SOLVER_GRAPH_CYCLIC'
  | 'SOLVER_OUTPUT_MISSING'
  | 'SOLVER_VERTEX_FAILED';

/** Thrown by the solver; `vertex` and `vertexName` say where, `cause` says why. */
export class SolverError extends ToolError<SolverErrorCode> {
  override readonly name = 'SolverError';
  /** Digest of the vertex that failed. */
  declare readonly vertex?: Digest;
  /** What progress shows for it. */
  declare readonly vertexName?: string;
}

/** An error of `vertex`, with its digest and name as own properties. */
export function vertexError(code: SolverErrorCode, vertex: Vertex, cause: unknown): SolverError {
  const error = new SolverError(`${vertex.name}: ${messageOf(cause)}`, { code, cause });
  return Object.assign(error, { vertex: vertex.digest, vertexName: vertex.name });
}
