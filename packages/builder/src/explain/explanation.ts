// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import type {
  ChecksumSelector,
  Edge,
  FileDigest,
  HostTree,
  StepReason,
  StepStore,
  Vertex,
} from '@img-build/interfaces';
import type { Digest } from '@img-build/oci';
import type { OutcomeFinder, VertexFate, VertexOutcome } from '@img-build/solver';
import { BuilderError } from '../builder-error.ts';
import type { VertexPayload } from '../definition-graph.ts';
import { placeOf } from './step-place.ts';
import type { StepRecorder } from './step-recorder.ts';

/** What explaining a build needs. */
export interface ExplanationOptions {
  readonly steps: StepStore;
  /** What the steps of one context and Dockerfile have in common. */
  readonly project: string;
  /** Digest of the Dockerfile's text. */
  readonly dockerfile: string;
  /** The flag that makes steps ignore the cache. */
  readonly noCacheFlag: string;
  /** Names of imported caches. */
  readonly importedCaches: readonly string[];
  /** Called before a step is executed. */
  readonly onExplained: (vertex: Digest, reasons: readonly StepReason[]) => void;
  /** A step that has to be executed although it should have been cached: the build fails, and the step is not executed. */
  readonly expectCached?: ((vertex: Vertex) => boolean) | undefined;
  /** Entries that a checksum of a tree has looked at, as far as they are at hand. */
  readonly list: (
    tree: HostTree,
    selectors: readonly ChecksumSelector[],
  ) => Promise<readonly FileDigest[] | undefined>;
  /** Whether a build with this fingerprint was kept before; then what it found in the cache is known. */
  readonly knows: (fingerprint: string) => boolean;
  /** Told when explaining goes wrong: a build never fails for it. */
  readonly onFailure: (error: unknown) => void;
}

/** What became of a step. */
export interface ExplainedStep {
  readonly vertex: Digest;
  /** What progress shows. */
  readonly name: string;
  readonly outcome: 'cached' | 'executed' | 'failed' | 'skipped';
  /** Why it was executed; empty otherwise. */
  readonly reasons: readonly StepReason[];
}

/** Explains one build. */
export interface Explanation {
  /** To be called before the solve. */
  begin(edges: readonly Edge[]): void;
  beforeExecute(outcome: VertexOutcome, find: OutcomeFinder): Promise<void>;
  /** To be called after the solve, however it ended; keeps what later builds are compared with. */
  settle(outcomes: readonly VertexOutcome[], succeeded: boolean): Promise<void>;
  /** Steps of the Dockerfile in the order of the graph, after {@link Explanation.settle}. */
  readonly explained: readonly ExplainedStep[];
  /** Digest of the keys of all steps. */
  readonly fingerprint: string;
}

/** Tells whether a vertex is a step that explanations are about: one of the Dockerfile, and no folder, download or repository. */
export function isStep({ vertex }: Pick<VertexOutcome, 'vertex'>): boolean {
  const { op } = vertex.payload as VertexPayload;
  if (placeOf(vertex.name) === undefined) return false;
  return op.type !== 'source' || /^(?:docker-image|oci-layout):/.test(op.source.identifier);
}

/** Prepares an explanation; what it takes is loaded when a step has to be executed. */
export function createExplanation(options: ExplanationOptions): Explanation {
  const { project, dockerfile, onExplained, onFailure, expectCached } = options;
  const reasonsOf = new Map<Digest, readonly StepReason[]>();
  /** Those that had to be resolved again, with the same outcome. */
  const unchangedImages = new Set<Digest>();
  let graph: readonly Edge[] = [];
  let recorder: Promise<StepRecorder> | undefined;
  let explained: readonly ExplainedStep[] = [];
  let fingerprint = '';

  function load(): Promise<StepRecorder> {
    recorder ??= import('./step-recorder.ts').then(({ createStepRecorder }) =>
      createStepRecorder(options, graph),
    );
    return recorder;
  }

  return {
    begin(edges) {
      graph = edges;
    },
    async beforeExecute(outcome, find) {
      const { vertex } = outcome;
      if (!isStep(outcome)) return;
      try {
        const reasons = await (await load()).explain(outcome, find);
        reasonsOf.set(vertex.digest, reasons);
        if (reasons.length === 0) unchangedImages.add(vertex.digest);
        else onExplained(vertex.digest, reasons);
      } catch (error) {
        onFailure(error);
      }
      if (expectCached?.(vertex) !== true || (vertex.payload as VertexPayload).op.type === 'source') return;
      throw new BuilderError('not cached, as it was expected to be', { code: 'BUILD_NOT_CACHED' });
    },
    async settle(outcomes, succeeded) {
      const steps = outcomes.filter(isStep);
      explained = steps.map(({ vertex, fate, results, keys }) => ({
        vertex: vertex.digest,
        name: vertex.name,
        outcome:
          results.size > 0 && unchangedImages.has(vertex.digest)
            ? 'cached'
            : outcomeText(fate, {
                hasResult: results.size > 0,
                isFound: succeeded || keyOf({ keys }) !== '',
              }),
        reasons: reasonsOf.get(vertex.digest) ?? [],
      }));
      fingerprint = fingerprintOf([project, dockerfile, ...steps.map(keyOf)]);
      try {
        const nothingNew = steps.every(({ fate }) => fate !== 'executed') && options.knows(fingerprint);
        if (!nothingNew) await (await load()).record(outcomes);
      } catch (error) {
        onFailure(error);
      }
    },
    get explained() {
      return explained;
    },
    get fingerprint() {
      return fingerprint;
    },
  };
}

function outcomeText(
  fate: VertexFate,
  { hasResult, isFound }: { readonly hasResult: boolean; readonly isFound: boolean },
): ExplainedStep['outcome'] {
  if (fate === 'executed') return hasResult ? 'executed' : 'failed';
  // Whose key is known, and what nobody asked for in a build that succeeded, stands before something that was found.
  return hasResult || isFound ? 'cached' : 'skipped';
}

/** The key of a step's first output that has one. */
export function keyOf({ keys }: Pick<VertexOutcome, 'keys'>): string {
  for (const [key] of keys.values()) if (key !== undefined) return key;
  return '';
}

function fingerprintOf(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex');
}
