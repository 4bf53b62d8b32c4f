// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import type { Edge, StepEntry, StepQuery, StepReason, Vertex } from '@img-build/interfaces';
import { cacheMapOf, originOf } from '@img-build/llb';
import type { Digest } from '@img-build/oci';
import type { OutcomeFinder, VertexOutcome } from '@img-build/solver';
import { asBuildResult } from '../build-result.ts';
import type { VertexPayload } from '../definition-graph.ts';
import { describeStep } from './describe-step.ts';
import { explainStep } from './explain-step.ts';
import { type ExplanationOptions, isStep, keyOf } from './explanation.ts';
import { encodeFileLists, type FileLists, fileList } from './file-list.ts';
import { createStepComparison, type KnownStep, type StepComparison, unique } from './step-comparison.ts';
import { fingerprintOf } from './step-description.ts';
import { placeOf } from './step-place.ts';

/** Explains the executed steps of one build and keeps all of them for later ones. */
export interface StepRecorder {
  /** Why the vertex has to be executed; its inputs are complete. */
  explain(outcome: VertexOutcome, find: OutcomeFinder): Promise<readonly StepReason[]>;
  /** Keeps what was executed, and what was found in the cache and is not known yet. */
  record(outcomes: readonly VertexOutcome[]): Promise<void>;
}

/** A content selector never depends on the platform, which may be missing. */
const ANY_PLATFORM = { os: 'linux', architecture: '' };

/** Makes the recorder of one build. */
export function createStepRecorder(options: ExplanationOptions, graph: readonly Edge[]): StepRecorder {
  const { steps, project, dockerfile } = options;
  const known = new Map<Digest, KnownStep>();
  /** Reasons of executed steps and of what they follow from. */
  const causes = new Map<Digest, readonly StepReason[]>();
  let comparison: StepComparison | undefined;
  let instructions: ReadonlySet<string> | undefined;

  async function know(outcome: VertexOutcome, find: OutcomeFinder): Promise<KnownStep> {
    const before = known.get(outcome.vertex.digest);
    if (before !== undefined) return before;
    const step = {
      outcome,
      description: describeStep(outcome, find),
      files: await filesOf(outcome, find),
    };
    known.set(outcome.vertex.digest, step);
    return step;
  }

  /** Of folders of the user: their files were hashed in this process, and are at hand. */
  async function filesOf({ vertex }: VertexOutcome, find: OutcomeFinder): Promise<FileLists> {
    const { op } = vertex.payload as VertexPayload;
    const lists = new Map<number, ReadonlyMap<string, string>>();
    if (op.type !== 'file' && op.type !== 'exec') return lists;
    for (const [input, { content }] of cacheMapOf(op, ANY_PLATFORM).dependencies.entries()) {
      const edge = vertex.inputs[input];
      const result = edge && find(edge.vertex.digest)?.results.get(edge.index);
      const from = result && asBuildResult(result);
      if (content === undefined || from?.type !== 'tree' || from.tree.type !== 'host') continue;
      const files = await options.list(from.tree, content);
      if (files !== undefined) lists.set(input, fileList(files));
    }
    return lists;
  }

  function queryOf({ outcome, description }: KnownStep): StepQuery {
    const { vertex } = outcome;
    const { type } = (vertex.payload as VertexPayload).op;
    const instruction = createHash('sha256').update(`${type}\n${description.instruction}`).digest('hex');
    return { project, dockerfile, place: `${placeOf(vertex.name)?.place} ${type}`, instruction };
  }

  function entryOf(step: KnownStep, outcome: VertexOutcome): StepEntry & { readonly files?: Uint8Array } {
    const failed = outcome.fate === 'executed' && outcome.results.size === 0;
    const files = failed ? undefined : encodeFileLists(step.files);
    return {
      ...queryOf(step),
      key: keyOf(outcome),
      failed,
      fingerprint: fingerprintOf(step.description),
      description: JSON.stringify(step.description),
      ...(files === undefined ? {} : { files }),
    };
  }

  return {
    async explain(outcome, find) {
      comparison ??= createStepComparison({ steps, isStep, find, know: (other) => know(other, find) });
      const step = await know(outcome, find);
      const reasons = await explainStep(step, queryOf(step), {
        ...options,
        comparison,
        instructions: () => (instructions ??= instructionsOf(graph)),
      });
      const before = outcome.vertex.inputs.flatMap(({ vertex }) => causes.get(vertex.digest) ?? []);
      causes.set(outcome.vertex.digest, unique([...reasons, ...before]));
      return withoutInherited(reasons, before);
    },
    async record(outcomes) {
      const byDigest = new Map(outcomes.map((outcome) => [outcome.vertex.digest, outcome]));
      const ended = outcomes.filter(isStep);
      const executed = ended.filter(({ fate }) => fate === 'executed');
      const cached = ended.filter((outcome) => outcome.fate !== 'executed' && keyOf(outcome) !== '');
      const unknown = steps.unknown(project, cached.map(keyOf));
      const entries: StepEntry[] = [];
      for (const outcome of [...executed, ...cached.filter((each) => unknown.has(keyOf(each)))]) {
        const step = await know(outcome, (vertex) => byDigest.get(vertex));
        entries.push(entryOf(step, outcome));
      }
      if (entries.length > 0) steps.put(entries);
    },
  };
}

/** What the step follows from has said it already. */
function withoutInherited(
  reasons: readonly StepReason[],
  inherited: readonly StepReason[],
): readonly StepReason[] {
  if (!reasons.some(({ kind }) => kind === 'follows')) return reasons;
  const said = new Set(inherited.map((reason) => JSON.stringify(reason)));
  return reasons.filter((reason) => reason.kind === 'follows' || !said.has(JSON.stringify(reason)));
}

/** Instructions of the whole graph, as written. */
function instructionsOf(graph: readonly Edge[]): ReadonlySet<string> {
  const instructions = new Set<string>();
  const seen = new Set<Vertex>();
  const queue = graph.map(({ vertex }) => vertex);
  for (let vertex = queue.pop(); vertex !== undefined; vertex = queue.pop()) {
    if (seen.has(vertex)) continue;
    seen.add(vertex);
    const instruction = originOf(vertex.description)?.instruction;
    if (instruction !== undefined) instructions.add(instruction);
    queue.push(...vertex.inputs.map((input) => input.vertex));
  }
  return instructions;
}
