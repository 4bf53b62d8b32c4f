// SPDX-License-Identifier: MIT
import { stripVTControlCharacters, styleText } from 'node:util';
import type { Clock } from '@img-build/interfaces';
import type { BuildLog, StatusState, StepState } from './build-log.ts';
import type { ProgressRenderer } from './plain-progress.ts';
import { formatSeconds, formatTransferSize } from './units.ts';

/** A terminal that can be drawn on. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  write(text: string): void;
}

const REDRAW_EVERY = 100;
const OUTPUT_LINES = 6;
const UP = '\u001b[1A';
const CLEAR_LINE = '\u001b[2K';
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';

/** The live view: every step on a line with its time, running ones with the end of their output. */
export function createTerminalProgress(log: BuildLog, terminal: Terminal, now: Clock): ProgressRenderer {
  const startedAt = now();
  let drawn = 0;
  const timer = setInterval(draw, REDRAW_EVERY);
  terminal.write(HIDE_CURSOR);

  function draw(finished = false): void {
    const lines = frame(log, terminal, { elapsed: now() - startedAt, now: now(), finished });
    terminal.write(`${(UP + CLEAR_LINE).repeat(drawn)}${lines.map((line) => `${line}\n`).join('')}`);
    drawn = finished ? 0 : lines.length;
  }

  return {
    show() {},
    finish() {
      clearInterval(timer);
      draw(true);
      terminal.write(SHOW_CURSOR);
    },
  };
}

interface FrameOptions {
  readonly elapsed: number;
  readonly now: number;
  /** The last frame is not cut to the height of the terminal. */
  readonly finished: boolean;
}

/** One picture of the build. */
export function frame(
  log: BuildLog,
  terminal: Pick<Terminal, 'columns' | 'rows'>,
  { elapsed, now, finished }: FrameOptions,
): readonly string[] {
  const steps = [...log.steps.values()].filter((step) => step.startedAt !== undefined);
  const done = steps.filter((step) => step.completedAt !== undefined);
  const complete = finished && done.length === steps.length;
  const head = `[+] Building ${formatSeconds(elapsed)} (${done.length}/${log.steps.size})${complete ? ' FINISHED' : ''}`;
  const body = steps.flatMap((step) => stepLines(step, terminal.columns, now, finished));
  const room = Math.max(1, terminal.rows - 2);
  return [head, ...(finished ? body : body.slice(-room))].map((line) => cut(line, terminal.columns));
}

function stepLines(step: StepState, columns: number, now: number, finished: boolean): string[] {
  const running = step.completedAt === undefined;
  const mark =
    step.error !== undefined ? 'ERROR ' : step.canceled ? 'CANCELED ' : step.cached ? 'CACHED ' : '';
  const time = formatSeconds((step.completedAt ?? now) - (step.startedAt ?? now));
  const line = aligned(` => ${mark}${step.name}`, time, columns);
  const lines = [step.error !== undefined ? red(line) : running ? line : blue(line)];
  for (const status of step.statuses.values()) {
    if (finished || running || status.total !== undefined)
      lines.push(blueIf(!running, statusLine(status, columns, now)));
  }
  if (running) {
    const tail = step.tail
      .slice(-OUTPUT_LINES)
      .map((each) => ` => => # ${stripVTControlCharacters(each.line)}`);
    lines.push(...tail);
  }
  return lines;
}

function statusLine(status: StatusState, columns: number, now: number): string {
  const size =
    status.total === undefined
      ? status.current > 0
        ? ` ${formatTransferSize(status.current)}`
        : ''
      : ` ${formatTransferSize(status.current)} / ${formatTransferSize(status.total)}`;
  const time = formatSeconds((status.completedAt ?? now) - status.startedAt);
  return aligned(` => => ${status.id}`, time, columns, size);
}

/** `left … extra time`, the time at the right edge; `left` is cut when there is no room. */
function aligned(left: string, time: string, columns: number, extra = ''): string {
  const room = columns - time.length - extra.length - 2;
  const text = left.length > room ? left.slice(0, Math.max(0, room)) : left.padEnd(room);
  return `${text}${extra} ${time.padStart(time.length + 1)}`.slice(0, columns);
}

function cut(line: string, columns: number): string {
  return stripVTControlCharacters(line).length <= columns
    ? line
    : stripVTControlCharacters(line).slice(0, columns);
}

const blue = (text: string): string => styleText('blue', text, { validateStream: false });
const red = (text: string): string => styleText('red', text, { validateStream: false });
const blueIf = (condition: boolean, text: string): string => (condition ? blue(text) : text);
