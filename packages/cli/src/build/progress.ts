// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { messageOf } from '@img-build/errors';
import type { BuildEvent, Clock, Report, SourceRange } from '@img-build/interfaces';
import type { Digest } from '@img-build/oci';
import type { CommandIo } from '../command.ts';
import { type BuildLog, createBuildLog } from '../render/build-log.ts';
import { createPlainProgress, type ProgressRenderer } from '../render/plain-progress.ts';
import { createTerminalProgress } from '../render/terminal-progress.ts';

/** The progress of one build: events in, a picture out. */
export interface BuildProgress {
  readonly log: BuildLog;
  readonly report: Report;
  /** Shows work that is no vertex of the graph as a step. */
  step<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Tells where in the Dockerfile the vertices come from, once that is known. */
  locate(find: (vertex: string) => SourceRange | undefined): void;
  locationOf(vertex: string): SourceRange | undefined;
  finish(): void;
}

/** Draws on stderr: live on a terminal, line by line elsewhere and with `plain`. */
export function createBuildProgress(
  { stderr }: CommandIo,
  { plain, clock }: { readonly plain: boolean; readonly clock: Clock },
): BuildProgress {
  const log = createBuildLog();
  const write = (text: string): void => void stderr.write(text);
  const renderer: ProgressRenderer =
    stderr.isTTY && !plain
      ? createTerminalProgress(
          log,
          {
            get columns() {
              return stderr.columns;
            },
            get rows() {
              return stderr.rows;
            },
            write,
          },
          clock,
        )
      : createPlainProgress(log, write);
  const shown = new Set<string>();
  let finished = false;
  let find: (vertex: string) => SourceRange | undefined = () => undefined;

  function report(event: BuildEvent): void {
    log.apply(event);
    renderer.show(event);
  }

  return {
    log,
    report,
    async step(name, work) {
      // The same question asked twice is one step.
      if (shown.has(name)) return await work();
      shown.add(name);
      const vertex: Digest = `sha256:${createHash('sha256').update(`step ${name}`).digest('hex')}`;
      report({ type: 'vertex-added', vertex, name, inputs: [] });
      report({ type: 'vertex-started', vertex, at: clock() });
      try {
        const done = await work();
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
      renderer.finish();
    },
  };
}
