// SPDX-License-Identifier: MIT
import { isToolError } from '@img-build/errors';
import type { Edge, Vertex } from '@img-build/interfaces';
import {
  type Definition,
  type Op,
  type OpMetadata,
  type ParsedDefinition,
  parseDefinition,
} from '@img-build/llb';
import type { Digest } from '@img-build/oci';
import { BuilderError } from './builder-error.ts';

/** What a vertex of the builder carries through the solver. */
export interface VertexPayload {
  readonly op: Op;
  readonly metadata: OpMetadata;
}

/**
 * The graph of a definition; `undefined` for the empty one, whose result is the empty file system.
 *
 * @throws BuilderError `BUILD_DEFINITION_INVALID`
 */
export function graphOf(definition: Definition): Edge | undefined {
  const { ops, result } = parse(definition);
  const vertices = new Map<Digest, Vertex>();
  const edgeTo = ({ digest, index }: { readonly digest: Digest; readonly index: number }): Edge => {
    const vertex = vertices.get(digest);
    // Inputs come before the ops that use them.
    if (vertex === undefined) throw new TypeError(`${digest} is used before it comes`);
    return { vertex, index };
  };
  for (const { digest, op, metadata, name } of ops.values()) {
    const payload: VertexPayload = { op, metadata };
    const { ignoreCache, description } = metadata;
    vertices.set(digest, { digest, name, inputs: op.inputs.map(edgeTo), payload, ignoreCache, description });
  }
  return result === undefined ? undefined : edgeTo(result);
}

function parse(definition: Definition): ParsedDefinition {
  try {
    return parseDefinition(definition);
  } catch (cause) {
    if (!isToolError(cause)) throw cause;
    throw new BuilderError(`the build's definition is not whole: ${cause.message}`, {
      code: 'BUILD_DEFINITION_INVALID',
      cause,
    });
  }
}
