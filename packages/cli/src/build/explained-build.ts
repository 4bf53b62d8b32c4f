// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { createExplanation, type Explanation } from '@img-build/builder';
import type { LowerResult } from '@img-build/dockerfile-frontend';
import type { Vertex } from '@img-build/interfaces';
import type { Metadata } from '@img-build/metadata';
import type { Digest } from '@img-build/oci';
import type { ContentHasher } from '@img-build/sources';
import type { Services } from '../wiring/services.ts';
import type { BuildInput } from './build-input.ts';
import { type BuildReport, type BuildStatus, encodeReport } from './build-report.ts';
import type { BuildCommandRequest } from './build-request.ts';
import { isRemoteContext } from './context/remote-address.ts';
import { expectedStages } from './expected-stages.ts';
import type { BuildProgress } from './progress.ts';

/** What explaining a build follows from. */
export interface ExplainedBuildOptions {
  readonly request: BuildCommandRequest;
  readonly input: BuildInput;
  readonly lowered: LowerResult;
  readonly services: Services;
  readonly metadata: Metadata;
  readonly hasher: ContentHasher;
  readonly progress: BuildProgress;
  readonly reference: string;
}

/** The explanation of one build, and its place in the history. */
export interface ExplainedBuild {
  readonly explanation: Explanation;
  /** Keeps what became of the build. */
  finish(status: BuildStatus): BuildReport;
}

/** Prepares explaining a build. @throws UsageError for a stage that there is not */
export function explainBuild({
  request,
  input,
  lowered,
  services: { logger },
  metadata,
  hasher,
  progress,
  reference,
}: ExplainedBuildOptions): ExplainedBuild {
  const startedAt = Date.now();
  const { noCache } = request.lowerOptions;
  const context = shownContext(request.context);
  const onFailure = (error: unknown): void => logger.debug(`cannot explain: ${String(error)}`);
  const expected = request.expectCached && expectedStages(request.expectCached, input.dockerfile.text);
  const locate = ({ digest }: Vertex) => lowered.locationOf(digest)?.startLine;
  const explanation = createExplanation({
    steps: metadata.steps,
    project: digestOf(JSON.stringify([projectFolder(request.context), request.file ?? ''])),
    dockerfile: digestOf(input.dockerfile.text),
    noCacheFlag: Array.isArray(noCache) ? '--no-cache-filter' : '--no-cache',
    importedCaches: request.importedCaches,
    // Those who read JSON get what they ask for, and nothing that BuildKit does not send.
    onExplained: (vertex, reasons) => {
      if (request.progress === 'rawjson' && !request.explain) return;
      progress.report({ type: 'vertex-explained', vertex, reasons });
    },
    expectCached: expected && ((vertex) => expected(locate(vertex))),
    list: (tree, selectors) => hasher.list(tree, selectors),
    knows: (fingerprint) => metadata.builds.knows(fingerprint),
    onFailure,
  });
  return {
    explanation,
    finish(status) {
      const { explained, fingerprint } = explanation;
      const numberOf = (vertex: Digest): number => progress.log.steps.get(vertex)?.number ?? 0;
      const steps = explained.map((step) => ({ ...step, number: numberOf(step.vertex) }));
      const endedAt = Date.now();
      const report: BuildReport = {
        reference,
        startedAt,
        endedAt,
        status,
        context,
        names: request.names,
        steps,
      };
      try {
        metadata.builds.add({ reference, fingerprint, at: endedAt, report: encodeReport(report) });
      } catch (error) {
        onFailure(error);
      }
      return report;
    },
  };
}

/** Addresses may hold a password. */
function shownContext(context: string): string {
  return context.replace(/^([a-z+]+:\/\/)[^/@]*@/, '$1');
}

/** The same folder is the same project, from wherever it is named. */
function projectFolder(context: string): string {
  return context === '-' || isRemoteContext(context) ? shownContext(context) : resolve(context);
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
