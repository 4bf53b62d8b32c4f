// SPDX-License-Identifier: MIT
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { ExplainedStep } from '@img-build/builder';
import { reasonText } from '../render/reason-text.ts';

/** How a build ended. */
export type BuildStatus = 'succeeded' | 'failed' | 'canceled';

/** A step of a build that ended. */
export interface ReportedStep extends ExplainedStep {
  /** As progress counts. */
  readonly number: number;
}

/** What is kept of a build. */
export interface BuildReport {
  /** A name of the build that no other has. */
  readonly reference: string;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly status: BuildStatus;
  /** As the user wrote it, without a password. */
  readonly context: string;
  readonly names: readonly string[];
  readonly steps: readonly ReportedStep[];
}

/** Bytes of an unpacked report that are believed. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Packs a report. */
export function encodeReport(report: BuildReport): Uint8Array {
  return zstdCompressSync(JSON.stringify(report));
}

/** Unpacks {@link encodeReport}; `undefined` for anything else. */
export function decodeReport(packed: Uint8Array): BuildReport | undefined {
  try {
    return JSON.parse(zstdDecompressSync(packed, { maxOutputLength: MAX_BYTES }).toString()) as BuildReport;
  } catch {
    return undefined;
  }
}

/** A report as `--format json` gives it; documented, and only ever added to. */
export function reportDocument({ startedAt, endedAt, steps, ...rest }: BuildReport): object {
  return {
    ...rest,
    startedAt: new Date(startedAt).toISOString(),
    endedAt: new Date(endedAt).toISOString(),
    steps: steps.map((step) => ({
      number: step.number,
      name: step.name,
      vertex: step.vertex,
      outcome: step.outcome,
      reasons: step.reasons.map((reason) => ({ ...reason, text: reasonText(reason) })),
    })),
  };
}
