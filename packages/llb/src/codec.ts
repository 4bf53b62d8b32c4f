// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { type Digest, goJson } from '@img-build/oci';
import { LlbError } from './llb-error.ts';
import type { Definition, Op } from './ops.ts';
import { decodeMessage } from './wire/decode.ts';
import { encodeMessage } from './wire/encode.ts';
import { messageToGoValue } from './wire/go-value.ts';
import type { MessageValue } from './wire/message.ts';
import { DEFINITION, OP } from './wire/schema.ts';

/** `sha256:` and the hash of text (as UTF-8) or bytes. */
export function sha256Digest(data: string | Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}

/** Bytes of an op, as Go's deterministic protobuf encoder writes them. Their sha256 is the vertex's digest. */
export function encodeOp(op: Op): Uint8Array {
  return encodeMessage(OP, op as unknown as MessageValue);
}

/**
 * Reads an op.
 *
 * @throws LlbError `LLB_WIRE_INVALID`; `LLB_OP_INVALID` when a mandatory part is missing or an index points nowhere
 */
export function decodeOp(bytes: Uint8Array): Op {
  const op = decodeMessage(OP, bytes) as unknown as Op;
  checkOp(op);
  return op;
}

/** Bytes of a definition, as Go's deterministic protobuf encoder writes them. */
export function encodeDefinition(definition: Definition): Uint8Array {
  return encodeMessage(DEFINITION, definition as unknown as MessageValue);
}

/**
 * Reads a definition; its ops stay bytes, see `parseDefinition`.
 *
 * @throws LlbError `LLB_WIRE_INVALID`
 */
export function decodeDefinition(bytes: Uint8Array): Definition {
  return decodeMessage(DEFINITION, bytes) as unknown as Definition;
}

/** An op in the JSON form that `buildctl debug dump-llb` prints. */
export function opToGoJson(op: Op): string {
  return goJson(messageToGoValue(OP, op as unknown as MessageValue));
}

function checkOp(op: Op): void {
  const count = op.inputs.length;
  const check = (index: number, what: string, limit = count): void => {
    if (index < -1 || index >= limit)
      throw invalid(`${op.type} op has ${what} ${index}, but only ${count} inputs`);
  };
  switch (op.type) {
    case 'exec':
      if (op.exec.meta === undefined || op.exec.meta.args.length === 0)
        throw invalid('exec op has no command');
      if (!op.exec.mounts.some((mount) => mount.dest === '/')) throw invalid('exec op has no mount at /');
      for (const mount of op.exec.mounts) check(mount.input, 'a mount of input');
      return;
    case 'file':
      if (op.file.actions.length === 0) throw invalid('file op has no action');
      for (const [at, action] of op.file.actions.entries()) {
        if ((action.type as string) === 'none') throw invalid('file op has an action of an unknown kind');
        // An action may use the results of the actions before it, which are numbered after the inputs.
        check(action.input, 'an action on input', count + at);
        check(action.secondaryInput, 'an action from input', count + at);
      }
      return;
    case 'merge':
      for (const input of op.merge.inputs) check(input.input, 'a merge of input');
      return;
    case 'diff':
      if (op.diff.lower === undefined || op.diff.upper === undefined) throw invalid('diff op lacks a side');
      check(op.diff.lower.input, 'a lower input');
      check(op.diff.upper.input, 'an upper input');
      return;
    case 'none':
      if (count !== 1) throw invalid(`op has no body and ${count} inputs`);
      return;
    default:
  }
}

function invalid(message: string): LlbError {
  return new LlbError(message, { code: 'LLB_OP_INVALID' });
}
