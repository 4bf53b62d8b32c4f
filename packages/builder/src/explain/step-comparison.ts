// SPDX-License-Identifier: MIT
import type { StepCause, StepName, StepReason, StepStore, StoredStep } from '@img-build/interfaces';
import type { OutcomeFinder, VertexOutcome } from '@img-build/solver';
import { compareFiles } from './compare-files.ts';
import { compareSources, compareSteps } from './compare-steps.ts';
import { isForOneBuild } from './describe-step.ts';
import { decodeFileLists, type FileLists } from './file-list.ts';
import type { StepDescription, StepInput } from './step-description.ts';
import { placeOf } from './step-place.ts';

/** A step of this build. */
export interface KnownStep {
  readonly outcome: VertexOutcome;
  readonly description: StepDescription;
  readonly files: FileLists;
}

/** What a comparison works with. */
export interface StepComparisonOptions {
  readonly steps: StepStore;
  /** Tells of a vertex whether it is explained by itself, so that others can follow from it. */
  readonly isStep: (outcome: VertexOutcome) => boolean;
  readonly find: OutcomeFinder;
  /** Describes a step that was not executed. */
  readonly know: (outcome: VertexOutcome) => Promise<KnownStep>;
}

/** A state of a step that is compared with; `files` are read when they are needed. */
export interface EarlierStep {
  readonly stored: StoredStep;
  readonly description: StepDescription;
}

/** How many steps back a difference is looked for. */
const MAX_DEPTH = 100;

/** Compares steps with what they were. */
export interface StepComparison {
  /** Everything that differs. `withFiles` says whether to name files. */
  differences(before: EarlierStep, after: KnownStep, withFiles: boolean): Promise<readonly StepReason[]>;
  read(stored: StoredStep): EarlierStep | undefined;
  /** Steps that were executed before this one reads them; images are none. */
  executedBefore(after: KnownStep): readonly StepName[];
}

/** Makes the comparison of one build. */
export function createStepComparison({ steps, isStep, find, know }: StepComparisonOptions): StepComparison {
  const byKey = new Map<string, EarlierStep | undefined>();

  function read(stored: StoredStep): EarlierStep | undefined {
    try {
      return { stored, description: JSON.parse(stored.description) as StepDescription };
    } catch {
      return undefined;
    }
  }

  function earlierInput({ keys }: StepInput): EarlierStep | undefined {
    for (const key of keys) {
      if (!byKey.has(key)) {
        const stored = steps.byKey(key);
        byKey.set(key, stored && read(stored));
      }
      const found = byKey.get(key);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async function compareInput(
    before: EarlierStep,
    after: KnownStep,
    input: number,
    { withFiles, depth }: { readonly withFiles: boolean; readonly depth: number },
  ): Promise<readonly StepReason[]> {
    const [old, now] = [before.description.inputs[input], after.description.inputs[input]];
    const edge = after.outcome.vertex.inputs[input];
    const from = edge && find(edge.vertex.digest);
    if (old === undefined || now === undefined || from === undefined) return [];
    const executed = from.fate === 'executed' && isStep(from);
    const ignored = executed && from.vertex.ignoreCache === true && now.content === undefined;
    if (sameInput(old, now) && !ignored) return [];
    if (executed) return [{ kind: 'follows', steps: [nameOf(from)] }];
    if (isForOneBuild(from)) return [filesChanged(before, after, input, withFiles)];
    if (now.source !== undefined && !isStep(from)) return changedSource(old, now);
    if (from.vertex.name.startsWith('[internal]')) return [{ kind: 'setting-changed', setting: 'heredoc' }];
    return depth >= MAX_DEPTH ? [] : compareParents(old, from, after, { withFiles, depth });
  }

  /** The input was found in the cache, or is no step: it is another one than before, and that is the cause. */
  async function compareParents(
    old: StepInput,
    from: VertexOutcome,
    after: KnownStep,
    { withFiles, depth }: { readonly withFiles: boolean; readonly depth: number },
  ): Promise<readonly StepReason[]> {
    const earlier = earlierInput(old);
    const parent = await know(from);
    if (earlier === undefined || !isSameStep(earlier.description, parent.description)) {
      return [{ kind: 'parent-changed', before: old.name, after: from.vertex.name }];
    }
    const reasons = await allDifferences(earlier, parent, { withFiles, depth: depth + 1 });
    const step = from.vertex.name === after.outcome.vertex.name ? undefined : from.vertex.name;
    return reasons.map((reason) =>
      reason.kind === 'follows' || reason.step !== undefined || step === undefined
        ? reason
        : { ...reason, step },
    );
  }

  function filesChanged(before: EarlierStep, after: KnownStep, input: number, withFiles: boolean): StepCause {
    const now = withFiles ? after.files.get(input) : undefined;
    const old = now && decodeFileLists(steps.filesOf(before.stored.id)).get(input);
    const files = now && old && compareFiles(old, now);
    return { kind: 'files-changed', from: '', ...(files === undefined ? {} : { files }) };
  }

  async function allDifferences(
    before: EarlierStep,
    after: KnownStep,
    options: { readonly withFiles: boolean; readonly depth: number },
  ): Promise<readonly StepReason[]> {
    const inputs = after.description.inputs.map((_, input) => compareInput(before, after, input, options));
    const own = compareSteps(before.description, after.description);
    const said = new Set(own.map((reason) => JSON.stringify(reason)));
    const others = (await Promise.all(inputs))
      .flat()
      .filter((reason) => !said.has(JSON.stringify({ ...reason, step: undefined })));
    return joinFollows(unique([...own, ...others]));
  }

  return {
    read,
    executedBefore: ({ outcome, description }) =>
      outcome.vertex.inputs.flatMap(({ vertex }, input) => {
        const from = find(vertex.digest);
        const isImage = description.inputs[input]?.source !== undefined;
        return from?.fate === 'executed' && isStep(from) && !isImage ? [nameOf(from)] : [];
      }),
    differences: (before, after, withFiles) => allDifferences(before, after, { withFiles, depth: 0 }),
  };
}

/** The same words, or others at the same place. */
function isSameStep(before: StepDescription, after: StepDescription): boolean {
  if (before.instruction === after.instruction) return true;
  const place = placeOf(before.name)?.place;
  return place !== undefined && place === placeOf(after.name)?.place;
}

/** Equal content is the same input, whatever it is called; without content, one common key is. */
function sameInput(before: StepInput, after: StepInput): boolean {
  if (before.content !== undefined && after.content !== undefined) return before.content === after.content;
  return after.keys.some((key) => before.keys.includes(key));
}

/** A repository, a download or an image that files are copied from. */
function changedSource(old: StepInput, now: StepInput): readonly StepCause[] {
  const causes = compareSources(old.source, now.source);
  if (causes.length > 0) return causes;
  return [{ kind: 'parent-changed', before: old.name, after: now.name }];
}

function nameOf({ vertex: { digest, name } }: VertexOutcome): StepName {
  return { vertex: digest, name };
}

/** Each reason once. */
export function unique(reasons: readonly StepReason[]): readonly StepReason[] {
  return [...new Map(reasons.map((reason) => [JSON.stringify(reason), reason])).values()];
}

/** Several steps that one follows from are one reason, the last one. */
function joinFollows(reasons: readonly StepReason[]): readonly StepReason[] {
  const steps = reasons.flatMap((reason) => (reason.kind === 'follows' ? reason.steps : []));
  const others = reasons.filter(({ kind }) => kind !== 'follows');
  return steps.length === 0 ? others : [...others, { kind: 'follows', steps }];
}
