// SPDX-License-Identifier: MIT
import { messageOf } from '@img-build/errors';
import type { AbortOptions, Clock, Exporter, ExportInput, ExportResult, Report } from '@img-build/interfaces';
import { sha256Digest } from '@img-build/llb';

/** What running an exporter needs besides its input. */
export interface RunExporterOptions extends AbortOptions {
  /** Tells the exporters of one build apart. */
  readonly index: number;
  readonly report: Report;
  readonly clock: Clock;
}

/** Runs an exporter and shows it as a step of the build. */
export async function runExporter(
  exporter: Exporter,
  input: ExportInput,
  { index, report, clock, signal }: RunExporterOptions,
): Promise<ExportResult> {
  const vertex = sha256Digest(`exporter ${index} ${exporter.title}`);
  report({ type: 'vertex-added', vertex, name: exporter.title, inputs: [] });
  report({ type: 'vertex-started', vertex, at: clock() });
  try {
    const result = await exporter.export(input, {
      signal,
      async progress(step, work) {
        const startedAt = clock();
        report({ type: 'status-progressed', vertex, id: step, current: 0, startedAt });
        const done = await work();
        report({ type: 'status-progressed', vertex, id: step, current: 0, startedAt, completedAt: clock() });
        return done;
      },
    });
    report({ type: 'vertex-completed', vertex, at: clock(), cached: false });
    return result;
  } catch (error) {
    const canceled = signal?.aborted ?? false;
    report({
      type: 'vertex-completed',
      vertex,
      at: clock(),
      cached: false,
      canceled,
      error: canceled ? undefined : messageOf(error),
    });
    throw error;
  }
}
