// SPDX-License-Identifier: MIT
import type {
  CacheMap,
  CacheMapDependency,
  Op,
  OpContext,
  OpResolver,
  Result,
  Vertex,
} from '@img-build/interfaces';
import { cacheMapOf, contentKey, type LlbPlatform, type OpDependency } from '@img-build/llb';
import type { Digest, Platform } from '@img-build/oci';
import { type BuildContext, treeOf } from '../build-context.ts';
import { asBuildResult } from '../build-result.ts';
import { BuilderError } from '../builder-error.ts';
import type { VertexPayload } from '../definition-graph.ts';
import { createExecOp } from './exec-op.ts';
import { createFileOp, type FileOpContent } from './file-op.ts';
import { createDiffOp, createMergeOp } from './merge-op.ts';
import { createSourceOp } from './source-op.ts';

/** Finds the implementation of a vertex's op. */
export function createOpResolver(context: BuildContext): OpResolver {
  return (vertex) => {
    const { op } = vertex.payload as VertexPayload;
    if (op.type === 'source') return createSourceOp(context, op.source, op.platform);
    if (op.type === 'build' || op.type === 'none') {
      throw new BuilderError(`${op.type} op is not supported`, { code: 'BUILD_OP_UNSUPPORTED' });
    }
    const keys = cacheMapOf(op, llbPlatform(context.platform));
    const digests = new Map<number, readonly Digest[]>();
    const cacheMap = async (): Promise<CacheMap> => ({
      digest: keys.digest,
      dependencies: keys.dependencies.map((dependency, input) =>
        solverDependency(context, vertex, dependency, (found) => digests.set(input, found)),
      ),
      done: true,
    });
    const content = keys.dependencies.map((dependency) => dependency.content);
    return implementation(context, vertex, { content, digests }, cacheMap);
  };
}

function implementation(
  context: BuildContext,
  vertex: Vertex,
  read: FileOpContent,
  cacheMap: Op['cacheMap'],
): Op {
  const { op } = vertex.payload as VertexPayload;
  switch (op.type) {
    case 'exec':
      return createExecOp(context, op.exec, op.platform, vertex, cacheMap);
    case 'file':
      return createFileOp(context, op.file, vertex, read, cacheMap);
    case 'merge':
      return createMergeOp(context, op.merge, cacheMap);
    case 'diff':
      return createDiffOp(context, op.diff, cacheMap);
    default:
      throw new BuilderError(`${op.type} op is not supported`, { code: 'BUILD_OP_UNSUPPORTED' });
  }
}

function solverDependency(
  context: BuildContext,
  vertex: Vertex,
  { selector, content }: OpDependency,
  remember: (digests: readonly Digest[]) => void,
): CacheMapDependency {
  if (content === undefined) return { selector };
  const contentDigest = async (input: Result, options: Pick<OpContext, 'signal'>) => {
    const tree = await treeOf(context, asBuildResult(input), vertex.digest, options);
    const digests = await context.checksum(tree, content, options);
    remember(digests);
    return contentKey(digests);
  };
  return { selector, contentDigest };
}

function llbPlatform({ os, architecture, variant }: Platform): LlbPlatform {
  return { os, architecture, variant: variant ?? '' };
}
