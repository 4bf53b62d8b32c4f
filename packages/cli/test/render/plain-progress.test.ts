// SPDX-License-Identifier: MIT
import { expect, test } from '@jest/globals';
import { createBuildLog } from '../../src/render/build-log.ts';
import { createPlainProgress } from '../../src/render/plain-progress.ts';
import { added, completed, logged, started, vertex } from '../support/events.ts';
import { plainText } from '../support/plain-text.ts';

test('a step has a name, its output with the time since its start, and an end', () => {
  expect(
    plainText(
      added('a', '[1/2] RUN make'),
      started('a', 1000),
      logged('a', 'one\ntwo\r\n', 1142),
      completed('a', 1310),
    ),
  ).toBe('#1 [1/2] RUN make\n#1 0.142 one\n#1 0.142 two\n#1 DONE 0.3s\n');
});

test('steps that take turns end with dots and are named again', () => {
  expect(
    plainText(
      added('a', 'A'),
      added('b', 'B'),
      started('a', 0),
      logged('a', '1\n', 0),
      started('b', 0),
      logged('b', '2\n', 0),
      logged('a', '3\n', 0),
      completed('a', 0),
      completed('b', 100),
    ),
  ).toBe(`#1 A
#1 0.000 1
#1 ...

#2 B
#2 0.000 2
#2 ...

#1 A
#1 0.000 3
#1 DONE 0.0s

#2 B
#2 DONE 0.1s
`);
});

test('cached steps follow the order in which they were added', () => {
  expect(
    plainText(
      added('a', 'A'),
      added('b', 'B'),
      added('c', 'C'),
      started('c', 0),
      completed('c', 0, { cached: true }),
      started('a', 0),
      completed('a', 0, { cached: true }),
      started('b', 0),
      completed('b', 0, { cached: true }),
    ),
  ).toBe('#1 A\n#1 CACHED\n\n#2 B\n#2 CACHED\n\n#3 C\n#3 CACHED\n');
});

test('a step that prints nothing is named when it starts', async () => {
  let text = '';
  const log = createBuildLog();
  const progress = createPlainProgress((more) => {
    text += more;
  });
  for (const event of [added('a', 'A'), started('a', 0)]) {
    const change = log.apply(event);
    if (change !== undefined) progress.show(event, change);
  }
  await Promise.resolve();
  expect(text).toBe('#1 A\n');
});

test('errors, cancellations and warnings are said', () => {
  expect(
    plainText(
      added('a', 'A'),
      added('b', 'B'),
      started('a', 0),
      { type: 'vertex-warned', vertex: vertex('a'), short: 'Rule: odd (line 1)' },
      completed('a', 0, { error: 'exit code: 7' }),
      completed('b', 0, { canceled: true }),
    ),
  ).toBe('#1 A\n#1 WARN: Rule: odd (line 1)\n#1 ERROR: exit code: 7\n\n#2 B\n#2 CANCELED\n');
});

test('sub-steps are shown when they are complete', () => {
  const status = {
    type: 'status-progressed',
    vertex: vertex('a'),
    id: 'exporting layers',
    current: 0,
    startedAt: 0,
  } as const;
  expect(
    plainText(
      added('a', 'exporting to image'),
      started('a', 0),
      status,
      { ...status, completedAt: 1400 },
      { ...status, id: 'sha256:1', current: 126, total: 2_070_000, completedAt: 50 },
      completed('a', 1500),
    ),
  ).toBe(`#1 exporting to image
#1 exporting layers 1.4s done
#1 sha256:1 126B / 2.07MB 0.1s done
#1 DONE 1.5s
`);
});

test('what a step waits for is said when it begins, and again when it is over', () => {
  const waiting = {
    type: 'status-progressed',
    vertex: vertex('a'),
    id: 'waiting for another build (pid 7)',
    current: 0,
    startedAt: 0,
    blocks: true,
  } as const;
  const begin = [added('a', '[2/2] RUN make'), started('a', 0), waiting];
  const shown = '#1 [2/2] RUN make\n#1 waiting for another build (pid 7)\n';

  expect(plainText(...begin)).toBe(shown);
  expect(plainText(...begin, { ...waiting, completedAt: 1400 })).toBe(
    `${shown}#1 waiting for another build (pid 7) 1.4s done\n`,
  );
});

test('a last line without its end is shown', () => {
  expect(plainText(added('a', 'A'), started('a', 0), logged('a', 'no end', 50), completed('a', 100))).toBe(
    '#1 A\n#1 0.100 no end\n#1 DONE 0.1s\n',
  );
});

test('nothing in a name or a line steers the terminal', () => {
  const text = plainText(
    added('a', 'RUN \u001b]0;title\u0007echo <<EOF\n  x\u009b2J\n\u202eEOF'),
    started('a', 0),
    logged('a', '10%\r50%\r\u001b[32m100%\u001b[0m\u0008\n', 0),
    completed('a', 0, { error: 'bad \u001b[2Jthing' }),
  );
  expect(text).toBe('#1 RUN echo <<EOF x EOF\n#1 0.000 100%\n#1 ERROR: bad thing\n');
});

test('events of steps that nobody added are left out', () => {
  expect(plainText(started('z', 0), logged('z', 'x\n', 0), completed('z', 0))).toBe('');
});
