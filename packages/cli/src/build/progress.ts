// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { messageOf } from '@img-build/errors';
import type { BuildEvent, Clock, Report, SourceRange } from '@img-build/interfaces';
import type { Digest } from '@img-build/oci';
import type { CommandIo } from '../command.ts';
import { type BuildLog, createBuildLog } from '../render/build-log.ts';
import { createPlainProgress } from '../render/plain-progress.ts';
import type { ProgressRenderer } from '../render/progress-renderer.ts';
import { createRawJsonProgress } from '../render/raw-json-progress.ts';
import { createTerminalProgress } from '../render/terminal-progress.ts';
import { formatTransferSize } from '../render/units.ts';
import { UsageError } from '../usage-error.ts';
import type { ProgressMode } from './flags/progress-mode.ts';

/** Says that a step has transferred `bytes`; `what` as in `transferring context:`. */
export type TransferReport = (what: string, bytes: number) => void;

/** How progress is shown. */
export interface ProgressOptions {
  readonly mode: ProgressMode;
  readonly colors: boolean;
  readonly clock: Clock;
}

/** What a step warns about. */
export type StepWarning = Omit<Extract<BuildEvent, { readonly type: 'vertex-warned' }>, 'type' | 'vertex'>;

/** The progress of one build: events in, a picture out. */
export interface BuildProgress {
  readonly log: BuildLog;
  readonly report: Report;
  /** Shows work that is no vertex of the graph as a step. */
  step<T>(name: string, work: (transferred: TransferReport) => Promise<T>): Promise<T>;
  /** Shows warnings with the step of that name. */
  warn(name: string, warnings: readonly StepWarning[]): void;
  /** Tells where in the Dockerfile the vertices come from, once that is known. */
  locate(find: (vertex: string) => SourceRange | undefined): void;
  locationOf(vertex: string): SourceRange | undefined;
  finish(): void;
}

/**
 * Draws on stderr, as the mode says.
 *
 * @throws UsageError when a live view is asked for and stderr is no terminal
 */
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
      const vertex = stepVertex(name);
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
    warn(name, warnings) {
      for (const warning of warnings) report({ type: 'vertex-warned', vertex: stepVertex(name), ...warning });
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

/** Steps that are no vertices have a digest of their own, too. */
function stepVertex(name: string): Digest {
  return `sha256:${createHash('sha256').update(`step ${name}`).digest('hex')}`;
}

/** Columns and rows of a terminal that does not tell its size. */
const [COLUMNS, ROWS] = [80, 24];

function createRenderer(
  { stderr }: CommandIo,
  log: BuildLog,
  { mode, colors, clock }: ProgressOptions,
): ProgressRenderer {
  const write = (text: string): void => void stderr.write(text);
  if (mode === 'quiet') return { show() {}, makeRoom() {}, finish() {} };
  if (mode === 'rawjson') return createRawJsonProgress(write);
  if (mode === 'tty' && !stderr.isTTY)
    throw new UsageError('--progress tty needs a terminal, and stderr is none', 'use --progress plain');
  if (!stderr.isTTY || mode === 'plain') return createPlainProgress(write);
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
