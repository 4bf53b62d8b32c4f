// SPDX-License-Identifier: MIT
import { expect, test } from '@jest/globals';
import { createBuildLog } from '../../src/render/build-log.ts';
import { createRawJsonProgress } from '../../src/render/raw-json-progress.ts';
import { added, completed, logged, started, vertex } from '../support/events.ts';

function shown(events: readonly Parameters<ReturnType<typeof createBuildLog>['apply']>[0][]): unknown[] {
  const lines: string[] = [];
  const log = createBuildLog();
  const progress = createRawJsonProgress((text) => lines.push(text));
  for (const event of events) {
    const change = log.apply(event);
    if (change !== undefined) progress.show(event, change);
  }
  progress.finish();
  expect(lines.every((line) => /^[^\n]+\n$/.test(line))).toBe(true);
  return lines.map((line) => JSON.parse(line) as unknown);
}

const digest = vertex('a');
const name = 'RUN a';
const start = '1970-01-01T00:00:01.000Z';
const end = '1970-01-01T00:00:02.500Z';

test('a step is told anew with everything known of it whenever something happens to it', () => {
  expect(
    shown([
      added('a', name),
      started('a', 1000),
      logged('a', 'out\u001b[0m\n', 2000, 2),
      completed('a', 2500),
    ]),
  ).toEqual([
    { vertexes: [{ digest, inputs: [], name }] },
    { vertexes: [{ digest, inputs: [], name, started: start }] },
    {
      logs: [
        {
          vertex: digest,
          stream: 2,
          data: Buffer.from('out\u001b[0m\n').toString('base64'),
          timestamp: '1970-01-01T00:00:02.000Z',
        },
      ],
    },
    { vertexes: [{ digest, inputs: [], name, started: start, completed: end }] },
  ]);
});

test('cached, failed and cancelled steps differ', () => {
  const last = (outcome: Parameters<typeof completed>[2]): unknown =>
    shown([added('a', name), completed('a', 2500, outcome)]).at(-1);
  const vertexOf = (facts: object): unknown => ({
    vertexes: [{ digest, inputs: [], name, started: end, completed: end, ...facts }],
  });
  expect(last({ cached: true })).toEqual(vertexOf({ cached: true }));
  expect(last({ error: 'exit code: 1' })).toEqual(vertexOf({ error: 'exit code: 1' }));
  expect(last({ canceled: true })).toEqual(vertexOf({ error: 'context canceled' }));
});

test('transfers and warnings have their own lists', () => {
  const status = {
    type: 'status-progressed',
    vertex: digest,
    id: 'x',
    current: 1,
    total: 2,
    startedAt: 1000,
  } as const;
  const range = { startLine: 2, endLine: 3 };
  expect(
    shown([
      added('a', name),
      status,
      { ...status, completedAt: 2500 },
      { type: 'vertex-warned', vertex: digest, short: 's', detail: ['d'], url: 'u', range },
      { type: 'vertex-warned', vertex: digest, short: 's' },
    ]).slice(1),
  ).toEqual([
    { statuses: [{ id: 'x', vertex: digest, current: 1, total: 2, timestamp: start, started: start }] },
    {
      statuses: [
        { id: 'x', vertex: digest, current: 1, total: 2, timestamp: end, started: start, completed: end },
      ],
    },
    {
      warnings: [
        {
          vertex: digest,
          level: 1,
          short: 'cw==',
          detail: ['ZA=='],
          url: 'u',
          range: [{ start: { line: 2, character: 0 }, end: { line: 3, character: 0 } }],
        },
      ],
    },
    { warnings: [{ vertex: digest, level: 1, short: 'cw==', detail: [] }] },
  ]);
});
