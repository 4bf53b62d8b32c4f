// SPDX-License-Identifier: MIT
import type { StepReason } from '@img-build/interfaces';
import { describe, expect, test } from '@jest/globals';
import { createBuildLog } from '../../src/render/build-log.ts';
import { formatExplanation, progressNote } from '../../src/render/explanation.ts';
import { reasonText, stepLabel } from '../../src/render/reason-text.ts';
import { frame } from '../../src/render/terminal-progress.ts';
import { added, completed, started, vertex } from '../support/events.ts';
import { plainText } from '../support/plain-text.ts';

const files = (
  lists: Partial<Record<'changed' | 'added' | 'removed', readonly string[]>>,
  total: number,
): StepReason => ({
  kind: 'files-changed',
  from: '',
  files: { changed: [], added: [], removed: [], ...lists, total },
});
const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
const ARG = { kind: 'variable-changed', variable: 'ARG', name: 'V' } as const;
const COPY: StepReason = files({ changed: ['src/a.js'] }, 1);
const FOLLOWS: StepReason = {
  kind: 'follows',
  steps: [{ vertex: vertex('a'), name: '[2/4] COPY src /src' }],
};

describe('reasons', () => {
  test.each<readonly [string, StepReason]>([
    ['src/a.js changed', COPY],
    ['a, b changed, c added, d/ removed', files({ changed: ['a', 'b'], added: ['c'], removed: ['d/'] }, 4)],
    ['1, 2, 3, 4, 5 and 95 more added', files({ added: ['1', '2', '3', '4', '5', '6'] }, 100)],
    ['1, 2, 3, 4, 5 changed and 1 more', files({ changed: ['1', '2', '3', '4', '5'], added: ['6'] }, 6)],
    ['files of the build context changed', { kind: 'files-changed', from: '' }],
    ['ARG V: 1.2 → 1.3', { ...ARG, before: '1.2', after: '1.3' }],
    ['ARG V: "" → 1', { ...ARG, before: '', after: '1' }],
    ['ARG V added: 1', { ...ARG, after: '1' }],
    ['ARG V removed', { ...ARG, before: '1' }],
    ['ARG V changed', { ...ARG, hidden: true }],
    ['command changed', { kind: 'setting-changed', setting: 'command', before: 'a', after: 'b' }],
    ['USER: a → b', { kind: 'setting-changed', setting: 'user', before: 'a', after: 'b' }],
    ['WORKDIR: / → /w', { kind: 'setting-changed', setting: 'workdir', before: '/', after: '/w' }],
    ['mount /c added: cache', { kind: 'setting-changed', setting: 'mount /c', after: 'cache' }],
    ['heredoc changed', { kind: 'setting-changed', setting: 'heredoc' }],
    [
      'platform: linux/amd64 → linux/arm64',
      { kind: 'platform-changed', before: 'linux/amd64', after: 'linux/arm64' },
    ],
    [
      'base image debian:12 moved from sha256:aaaaaaaaaaaa to sha256:bbbbbbbbbbbb',
      { kind: 'base-image-moved', image: 'debian:12', before: digest('a'), after: digest('b') },
    ],
    [
      'base image: debian:12 → debian:13',
      { kind: 'base-image-changed', before: 'debian:12', after: 'debian:13' },
    ],
    ['https://h/f has changed', { kind: 'source-changed', source: 'https://h/f' }],
    [
      'stands on RUN a instead of RUN b',
      { kind: 'parent-changed', before: '[2/3] RUN b', after: '[2/2] RUN a' },
    ],
    ['follows from step 2', FOLLOWS],
    ['cache ignored (--no-cache)', { kind: 'cache-ignored', flag: '--no-cache' }],
    ['not in the cache r/c:1', { kind: 'not-imported', caches: ['r/c:1'] }],
    ['not in the caches a, b', { kind: 'not-imported', caches: ['a', 'b'] }],
    ['new instruction', { kind: 'instruction-added' }],
    ['src/a.js changed (step 2 of build)', { ...COPY, step: '[build 2/4] COPY src /src' }],
    ['a b changed', files({ changed: ['a\n\u001b[31mb'] }, 1)],
  ])('%s', (text, reason) => {
    expect(reasonText(reason)).toBe(text);
  });

  test('a pruned record has the day and time', () => {
    const at = new Date(2026, 10, 4, 5, 6).getTime();
    expect(reasonText({ kind: 'record-pruned', at })).toBe('record pruned on 2026-11-04 05:06');
  });

  test.each([
    ['[2/4] RUN a', 'step 2'],
    ['[build  2/14] RUN a', 'step 2 of build'],
    ['[linux/arm64 build 2/4] RUN a', 'step 2 of linux/arm64 build'],
    ['RUN a', 'RUN a'],
  ])('%s is %s', (name, label) => {
    expect(stepLabel(name)).toBe(label);
  });
});

describe('the progress', () => {
  test('says the first reason and counts the others, and nothing that is obvious', () => {
    expect(progressNote([COPY])).toBe('not cached: src/a.js changed');
    expect(progressNote([COPY, FOLLOWS])).toBe('not cached: src/a.js changed, and 1 more');
    expect(progressNote([{ kind: 'first-build' }])).toBeUndefined();
    expect(progressNote([{ kind: 'cache-ignored', flag: '--no-cache' }])).toBeUndefined();
    expect(progressNote([])).toBeUndefined();
  });

  const explained = { type: 'vertex-explained', vertex: vertex('a'), reasons: [COPY] } as const;
  const events = [added('a', '[2/4] COPY src /src'), explained, started('a', 0), completed('a', 100)];

  test('has the note below the name, once', () => {
    expect(plainText(...events)).toBe(
      '#1 [2/4] COPY src /src\n#1 not cached: src/a.js changed\n#1 DONE 0.1s\n',
    );
  });

  test('has it dimmed on a terminal', () => {
    const log = createBuildLog();
    for (const event of events) log.apply(event);
    const lines = frame(
      log,
      { columns: 60, rows: 20, colors: true },
      { elapsed: 100, now: 100, finished: true },
    );
    expect(lines[2]).toBe('\u001b[2m => => not cached: src/a.js changed\u001b[22m');
    const narrow = frame(
      log,
      { columns: 20, rows: 20, colors: false },
      { elapsed: 100, now: 100, finished: true },
    );
    expect(narrow[2]?.length).toBeLessThanOrEqual(20);
  });
});

test('every step is shown with all of its reasons', () => {
  const text = formatExplanation([
    { name: '[1/4] FROM base', outcome: 'cached', reasons: [] },
    {
      name: '[2/4] COPY src /src',
      outcome: 'executed',
      reasons: [COPY, { ...ARG, before: '1', after: '2' }],
    },
    { name: '[3/4] RUN a', outcome: 'failed', reasons: [FOLLOWS] },
    { name: '[4/4] RUN b', outcome: 'skipped', reasons: [] },
  ]);
  expect(text).toBe(`[1/4] FROM base
  cached
[2/4] COPY src /src
  not cached: src/a.js changed
              ARG V: 1 → 2
[3/4] RUN a
  failed; not cached: follows from step 2
[4/4] RUN b
  not reached
`);
});
