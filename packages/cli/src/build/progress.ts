// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { messageOf } from '@img-build/errors';
import type { BuildEvent, Clock, Report, SourceRange } from '@img-build/interfaces';
import type { Digest } from '@img-build/oci';
import type { CommandIo } from '../command.ts';
import { type BuildLog, createBuildLog } from '../render/build-log.ts';
import { createPlainProgress } from '../render/plain-progress.ts';
import type { ProgressRenderer } from '../render/progress-renderer.ts';
import { createTerminalProgress } from '../render/terminal-progress.ts';
import { formatTransferSize } from '../render/units.ts';

/** Says that a step has transferred `bytes`; `what` as in `transferring context:`. */
export type TransferReport = (what: string, bytes: number) => void;

/** How progress is shown. */
export interface ProgressOptions {
  /** Line by line even on a terminal. */
  readonly plain: boolean;
  readonly colors: boolean;
  readonly clock: Clock;
}

/** The progress of one build: events in, a picture out. */
export interface BuildProgress {
  readonly log: BuildLog;
  readonly report: Report;
  /** Shows work that is no vertex of the graph as a step. */
  step<T>(name: string, work: (transferred: TransferReport) => Promise<T>): Promise<T>;
  /** Tells where in the Dockerfile the vertices come from, once that is known. */
  locate(find: (vertex: string) => SourceRange | undefined): void;
  locationOf(vertex: string): SourceRange | undefined;
  finish(): void;
}

/** Draws on stderr: live on a terminal, line by line elsewhere and with `plain`. */
export function createBuildProgress(io: CommandIo, options: ProgressOptions): BuildProgress {
  const { clock } = options;
  const log = createBuildLog();
  const renderer = createRenderer(io, log, options);
  io.aside.makeRoom = renderer.makeRoom;
  const shown = new Set<string>();
  let finished = false;
  let find: (vertex: string) => SourceRange | undefined = () => undefined;

  function report(event: BuildEvent): void {
    const change = log.apply(event);
    if (change !== undefined) renderer.show(event, change);
  }

  return {
    log,
    report,
    async step(name, work) {
      // The same question asked twice is one step.
      if (shown.has(name)) return await work(() => {});
      shown.add(name);
      const vertex: Digest = `sha256:${createHash('sha256').update(`step ${name}`).digest('hex')}`;
      report({ type: 'vertex-added', vertex, name, inputs: [] });
      const startedAt = clock();
      report({ type: 'vertex-started', vertex, at: startedAt });
      try {
        const done = await work((what, bytes) => {
          const id = `${what} ${formatTransferSize(bytes)}`;
          report({ type: 'status-progressed', vertex, id, current: 0, startedAt, completedAt: clock() });
        });
        report({ type: 'vertex-completed', vertex, at: clock(), cached: false });
        return done;
      } catch (error) {
        report({ type: 'vertex-completed', vertex, at: clock(), cached: false, error: messageOf(error) });
        throw error;
      }
    },
    locate(finder) {
      find = finder;
    },
    locationOf: (vertex) => find(vertex),
    finish() {
      if (finished) return;
      finished = true;
      io.aside.makeRoom = () => {};
      renderer.finish();
    },
  };
}

/** Columns and rows of a terminal that does not tell its size. */
const [COLUMNS, ROWS] = [80, 24];

function createRenderer(
  { stderr }: CommandIo,
  log: BuildLog,
  { plain, colors, clock }: ProgressOptions,
): ProgressRenderer {
  const write = (text: string): void => void stderr.write(text);
  if (!stderr.isTTY || plain) return createPlainProgress(write);
  const terminal = {
    get columns() {
      return stderr.columns || COLUMNS;
    },
    get rows() {
      return stderr.rows || ROWS;
    },
    colors,
    write,
  };
  return createTerminalProgress(log, terminal, clock);
}
