// SPDX-License-Identifier: MIT
import type { Exporter, ExportInput, ExportResult } from '@img-build/interfaces';
import { reportStep, type StepReporting } from './report-step.ts';

/** What running an exporter needs besides its input. */
export interface RunExporterOptions extends StepReporting {
  /** Tells the exporters of one build apart. */
  readonly index: number;
}

/** Runs an exporter and shows it as a step of the build. */
export async function runExporter(
  exporter: Exporter,
  input: ExportInput,
  { index, ...reporting }: RunExporterOptions,
): Promise<ExportResult> {
  const { signal } = reporting;
  const step = { id: `exporter ${index} ${exporter.title}`, name: exporter.title };
  return await reportStep(step, reporting, ({ progress }) => exporter.export(input, { signal, progress }));
}
