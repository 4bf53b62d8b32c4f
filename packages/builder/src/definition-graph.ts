// SPDX-License-Identifier: MIT
import type { Edge, Vertex } from '@img-build/interfaces';
import { type Definition, decodeOp, type Op, type OpMetadata, sha256Digest } from '@img-build/llb';
import type { Digest } from '@img-build/oci';
import { BuilderError } from './builder-error.ts';

/** What a vertex of the builder carries through the solver. */
export interface VertexPayload {
  readonly op: Op;
  readonly metadata: OpMetadata | undefined;
}

/**
 * The graph of a definition; `undefined` for the empty one, whose result is the empty file system.
 *
 * @throws BuilderError `BUILD_DEFINITION_INVALID`
 */
export function graphOf(definition: Definition): Edge | undefined {
  const vertices = new Map<Digest, Vertex>();
  let result: Edge | undefined;
  for (const bytes of definition.def) {
    const op = decodeOp(bytes);
    const digest = sha256Digest(bytes);
    const inputs = op.inputs.map(({ digest: from, index }): Edge => {
      const vertex = vertices.get(from);
      if (vertex === undefined)
        throw new BuilderError(`definition names ${from} before it comes`, {
          code: 'BUILD_DEFINITION_INVALID',
        });
      return { vertex, index };
    });
    if (op.type === 'none') {
      result = inputs[0];
      continue;
    }
    const metadata = definition.metadata[digest];
    const payload: VertexPayload = { op, metadata };
    vertices.set(digest, {
      digest,
      name: metadata?.description['llb.customname'] ?? nameOf(op),
      inputs,
      payload,
      ignoreCache: metadata?.ignoreCache ?? false,
      description: metadata?.description,
    });
  }
  return result;
}

function nameOf(op: Op): string {
  switch (op.type) {
    case 'source':
      return op.source.identifier;
    case 'exec':
      return op.exec.meta.args.join(' ');
    case 'file':
      return op.file.actions.map(({ type }) => type).join(', ');
    default:
      return op.type;
  }
}
