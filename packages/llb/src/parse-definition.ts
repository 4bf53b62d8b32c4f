// SPDX-License-Identifier: MIT
import type { Digest } from '@img-build/oci';
import { decodeDefinition, decodeOp, sha256Digest } from './codec.ts';
import { LlbError } from './llb-error.ts';
import type { Definition, Input, Op, OpMetadata, Source } from './ops.ts';

/** One op of a definition with what is said about it. */
export interface ParsedOp {
  readonly digest: Digest;
  readonly op: Op;
  readonly metadata: OpMetadata;
  /** What progress shows: the custom name, or one made from the op. */
  readonly name: string;
}

/** A definition as a graph. */
export interface ParsedDefinition {
  /** Every op that the result depends on; inputs come before the ops that use them. */
  readonly ops: ReadonlyMap<Digest, ParsedOp>;
  /** The edge asked for; `undefined` is the empty tree. */
  readonly result: Input | undefined;
  readonly source: Source | undefined;
}

const NO_METADATA: OpMetadata = { ignoreCache: false, description: {}, caps: {} };

/**
 * Reads a definition, given as value or as bytes, and checks that it is whole.
 *
 * @throws LlbError `LLB_WIRE_INVALID`, `LLB_OP_INVALID`, `LLB_DEFINITION_INVALID`
 */
export function parseDefinition(input: Definition | Uint8Array): ParsedDefinition {
  const definition = input instanceof Uint8Array ? decodeDefinition(input) : input;
  const last = definition.def.at(-1);
  if (last === undefined) return { ops: new Map(), result: undefined, source: definition.source };
  const terminal = decodeOp(last);
  if (terminal.type !== 'none') {
    throw new LlbError('definition does not end with a result', { code: 'LLB_DEFINITION_INVALID' });
  }
  const bytes = new Map(definition.def.map((def) => [sha256Digest(def), def] as const));
  const ops = new Map<Digest, ParsedOp>();
  for (const { digest } of terminal.inputs) addReachable(digest, { bytes, definition, ops });
  return { ops, result: terminal.inputs[0], source: definition.source };
}

interface Collected {
  readonly bytes: ReadonlyMap<Digest, Uint8Array>;
  readonly definition: Definition;
  readonly ops: Map<Digest, ParsedOp>;
}

/** Depth first without recursion: a definition may be thousands of ops deep. */
function addReachable(root: Digest, { bytes, definition, ops }: Collected): void {
  const pending: { readonly digest: Digest; readonly op: Op; next: number }[] = [];
  const open = (digest: Digest): void => {
    if (ops.has(digest)) return;
    const found = bytes.get(digest);
    if (found === undefined)
      throw new LlbError(`definition lacks input ${digest}`, { code: 'LLB_DEFINITION_INVALID' });
    pending.push({ digest, op: decodeOp(found), next: 0 });
  };
  open(root);
  for (let top = pending.at(-1); top !== undefined; top = pending.at(-1)) {
    const input = top.op.inputs[top.next++];
    if (input !== undefined) {
      open(input.digest);
      continue;
    }
    const metadata = definition.metadata[top.digest] ?? NO_METADATA;
    ops.set(top.digest, {
      digest: top.digest,
      op: top.op,
      metadata,
      name: metadata.description['llb.customname'] ?? nameOf(top.op),
    });
    pending.pop();
  }
}

function nameOf(op: Op): string {
  switch (op.type) {
    case 'exec':
      return op.exec.meta.args.join(' ');
    case 'source':
      return op.source.identifier;
    case 'file':
      return op.file.actions.map((action) => action.type).join(', ');
    case 'merge':
      return `merge of ${op.merge.inputs.length}`;
    default:
      return op.type;
  }
}
