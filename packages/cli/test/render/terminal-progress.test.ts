// SPDX-License-Identifier: MIT

import type { BuildEvent } from '@img-build/interfaces';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type BuildLog, createBuildLog } from '../../src/render/build-log.ts';
import { displayWidth } from '../../src/render/display-width.ts';
import { createTerminalProgress, frame } from '../../src/render/terminal-progress.ts';
import { added, completed, logged, started, vertex } from '../support/events.ts';

const WIDE = { columns: 90, rows: 30, colors: false };

function logOf(...events: readonly BuildEvent[]): BuildLog {
  const log = createBuildLog();
  for (const event of events) log.apply(event);
  return log;
}

const status = (id: string, more: object): BuildEvent => ({
  type: 'status-progressed',
  vertex: vertex('a'),
  id,
  current: 0,
  startedAt: 0,
  ...more,
});

test('a finished build looks as users know it', () => {
  const base = 'docker-image://docker.io/tonistiigi/copy:v0.1.1@sha256:854cee92ccab4c6d63183d147389e9d0';
  const log = logOf(
    added('d', 'local://dockerfile (Dockerfile)'),
    started('d', 0),
    completed('d', 10),
    added('a', base),
    started('a', 0),
    status(`resolve ${base.slice(15)}`, { completedAt: 20 }),
    status('sha256:ae8dbf6f23bf1c326de78fc780c6a870bf11eb86b45a7dc567f5a', {
      current: 308_020,
      total: 308_020,
      completedAt: 40,
    }),
    status('transferring context:', { current: 116_830_000, completedAt: 800 }),
    completed('a', 0, { cached: true }),
  );
  expect(frame(log, WIDE, { elapsed: 44_700, now: 44_700, finished: true }).join('\n')).toBe(
    `[+] Building 44.7s (2/2) FINISHED
 => local://dockerfile (Dockerfile)                                                   0.0s
 => CACHED docker-image://docker.io/tonistiigi/copy:v0.1.1@sha256:854cee92ccab4c6d63  0.0s
 => => resolve docker.io/tonistiigi/copy:v0.1.1@sha256:854cee92ccab4c6d63183d147389e  0.0s
 => => sha256:ae8dbf6f23bf1c326de78fc780c6a870bf11eb86b45a7dc567 308.02kB / 308.02kB  0.0s
 => => transferring context: 116.83MB                                                 0.8s`,
  );
});

test('a running step shows the end of its output', () => {
  const log = logOf(
    added('a', 'RUN make'),
    added('b', 'COPY x y'),
    started('a', 0),
    logged('a', `${Array.from({ length: 9 }, (_, line) => `line ${line}`).join('\n')}\n`, 0),
  );
  expect(frame(log, { ...WIDE, columns: 40 }, { elapsed: 1000, now: 1000, finished: false })).toEqual([
    '[+] Building 1.0s (0/2)',
    ' => RUN make                        1.0s',
    ...[3, 4, 5, 6, 7, 8].map((line) => ` => => # line ${line}`),
  ]);
});

test('a build that failed is not said to be finished', () => {
  const log = logOf(
    added('a', 'A'),
    added('b', 'B'),
    started('a', 0),
    completed('a', 0, { error: 'no' }),
    completed('b', 0, { canceled: true }),
  );
  const lines = frame(log, { ...WIDE, columns: 30 }, { elapsed: 0, now: 0, finished: true });
  expect(lines).toEqual([
    '[+] Building 0.0s (2/2)',
    ' => ERROR A               0.0s',
    ' => CANCELED B            0.0s',
  ]);
});

test.each([1, 5, 12, 20, 41])('on %d columns no line is wider than the terminal', (columns) => {
  const log = logOf(
    added('a', 'RUN echo 漢字 👩‍💻 é\u0301 \u001b[31mred\t\u0007 | a very long command'),
    started('a', 0),
    status('漢字漢字漢字', { current: 5, total: 10 }),
    logged('a', 'output 漢字漢字漢字漢字漢字漢字\twith tab\u001b[1A\n', 0),
  );
  for (const finished of [false, true]) {
    const lines = frame(log, { ...WIDE, columns }, { elapsed: 99_000, now: 99_000, finished });
    expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(columns);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be left.
    expect(lines.join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  }
});

test('a picture of a running build is no higher than the terminal, the last one is whole', () => {
  const log = logOf(
    ...Array.from({ length: 20 }, (_, step) => [
      added(`${step}`, `step ${step}`),
      started(`${step}`, 0),
    ]).flat(),
  );
  expect(frame(log, { ...WIDE, rows: 8 }, { elapsed: 0, now: 0, finished: false })).toHaveLength(7);
  expect(frame(log, { ...WIDE, rows: 8 }, { elapsed: 0, now: 0, finished: true })).toHaveLength(21);
});

test('completed steps are coloured where colours are wanted', () => {
  const log = logOf(added('a', 'A'), started('a', 0), completed('a', 0));
  const [, plain] = frame(log, WIDE, { elapsed: 0, now: 0, finished: true });
  expect(frame(log, { ...WIDE, colors: true }, { elapsed: 0, now: 0, finished: true })[1]).toBe(
    `\u001b[34m${plain}\u001b[39m`,
  );
});

describe('drawing', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  test('each picture replaces the one before; the cursor is hidden until the end', () => {
    const written: string[] = [];
    const log = logOf(added('a', 'A'), started('a', 0));
    const progress = createTerminalProgress(
      log,
      { ...WIDE, columns: 20, write: (text) => written.push(text) },
      () => 0,
    );
    jest.advanceTimersByTime(200);
    progress.makeRoom();
    log.apply(completed('a', 0));
    progress.finish();
    jest.advanceTimersByTime(1000);
    const step = ' => A           0.0s\n';
    const clear = '\u001b[1A\u001b[2K';
    expect(written).toEqual([
      '\u001b[?25l',
      `[+] Building 0.0s (0\n${step}`,
      `${clear}${clear}[+] Building 0.0s (0\n${step}`,
      `${clear}${clear}`,
      `[+] Building 0.0s (1\n${step}`,
      '\u001b[?25h',
    ]);
  });
});
