// SPDX-License-Identifier: MIT
import { styleText } from 'node:util';
import type { Clock } from '@img-build/interfaces';
import type { BuildLog, StatusState, StepState } from './build-log.ts';
import { cutToWidth, displayWidth, fitToWidth } from './display-width.ts';
import type { ProgressRenderer } from './progress-renderer.ts';
import { formatSeconds, formatTransferred } from './units.ts';

/** A terminal that can be drawn on. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  /** Whether to colour. */
  readonly colors: boolean;
  write(text: string): void;
}

const REDRAW_EVERY = 100;
const OUTPUT_LINES = 6;
const UP = '\u001b[1A';
const CLEAR_LINE = '\u001b[2K';
const HIDE_CURSOR = '\u001b[?25l';
/** Must reach the terminal however the program ends. */
export const SHOW_CURSOR = '\u001b[?25h';

/** The live view: every step on a line with its time, running ones with the end of their output. */
export function createTerminalProgress(log: BuildLog, terminal: Terminal, now: Clock): ProgressRenderer {
  const startedAt = now();
  let drawn = 0;
  const timer = setInterval(draw, REDRAW_EVERY);
  terminal.write(HIDE_CURSOR);

  function erase(): string {
    const text = (UP + CLEAR_LINE).repeat(drawn);
    drawn = 0;
    return text;
  }

  function draw(finished = false): void {
    const lines = frame(log, terminal, { elapsed: now() - startedAt, now: now(), finished });
    terminal.write(`${erase()}${lines.map((line) => `${line}\n`).join('')}`);
    drawn = finished ? 0 : lines.length;
  }

  return {
    show() {},
    makeRoom: () => terminal.write(erase()),
    finish() {
      clearInterval(timer);
      draw(true);
      terminal.write(SHOW_CURSOR);
    },
  };
}

/** When a picture is drawn. */
export interface FrameOptions {
  /** Milliseconds since the build began. */
  readonly elapsed: number;
  readonly now: number;
  /** The last frame is not cut to the height of the terminal. */
  readonly finished: boolean;
}

/** One picture of the build: lines no wider than the terminal. */
export function frame(
  log: BuildLog,
  { columns, rows, colors }: Omit<Terminal, 'write'>,
  { elapsed, now, finished }: FrameOptions,
): readonly string[] {
  const steps = [...log.steps.values()].filter((step) => step.startedAt !== undefined);
  const done = steps.filter((step) => step.completedAt !== undefined);
  const failed = steps.some((step) => step.error !== undefined || step.canceled);
  const complete = finished && !failed && done.length === steps.length;
  const head = `[+] Building ${formatSeconds(elapsed)} (${done.length}/${log.steps.size})${complete ? ' FINISHED' : ''}`;
  const body = steps.flatMap((step) => stepLines(step, { columns, now, finished, colors }));
  const room = Math.max(1, rows - 2);
  return [cutToWidth(head, columns), ...(finished ? body : body.slice(-room))];
}

interface LineOptions {
  readonly columns: number;
  readonly now: number;
  readonly finished: boolean;
  readonly colors: boolean;
}

function stepLines(step: StepState, options: LineOptions): readonly string[] {
  const { columns, now, finished, colors } = options;
  const running = step.completedAt === undefined;
  const paint = (text: string): string => {
    const color = step.error !== undefined ? 'red' : 'blue';
    return colors && !running ? styleText(color, text, { validateStream: false }) : text;
  };
  const time = formatSeconds((step.completedAt ?? now) - (step.startedAt ?? now));
  const statuses = [...step.statuses.values()].filter(
    (status) => finished || running || status.total !== undefined,
  );
  const output = running && !finished ? step.tail.slice(-OUTPUT_LINES) : [];
  return [
    paint(aligned(` => ${markOf(step)}${step.name}`, time, columns)),
    ...(step.note === undefined ? [] : [dimmed(cutToWidth(` => => ${step.note}`, columns), colors)]),
    ...statuses.map((status) => paint(statusLine(status, options))),
    ...output.map(({ text }) => cutToWidth(` => => # ${text.replaceAll('\t', ' ')}`, columns)),
  ];
}

/** Beside what is told of the step itself. */
function dimmed(text: string, colors: boolean): string {
  return colors ? styleText('dim', text, { validateStream: false }) : text;
}

function markOf({ error, canceled, cached }: StepState): string {
  if (error !== undefined) return 'ERROR ';
  if (canceled) return 'CANCELED ';
  return cached ? 'CACHED ' : '';
}

/** Sizes of a transfer stand before the time; one that tells no total reads as a sentence. */
function statusLine(status: StatusState, { columns, now }: LineOptions): string {
  const time = formatSeconds((status.completedAt ?? now) - status.startedAt);
  const size = formatTransferred(status);
  return status.total === undefined
    ? aligned(` => => ${status.id}${size}`, time, columns)
    : aligned(` => => ${status.id}`, time, columns, size);
}

/** `left … extra  time`, the time at the right edge; `left` is cut when there is no room. */
function aligned(left: string, time: string, columns: number, extra = ''): string {
  const right = `${extra}  ${time}`;
  const room = columns - displayWidth(right);
  return cutToWidth(`${fitToWidth(left.replaceAll('\t', ' '), room)}${right}`, columns);
}
