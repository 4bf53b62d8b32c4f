// SPDX-License-Identifier: MIT

import { isToolError } from '@img-build/errors';
import type { Edge, OpContext, Vertex } from '@img-build/interfaces';
import { describe, expect, test } from '@jest/globals';
import { createMachine, type FakeStep, out, step } from './fake-build.ts';

/** Works until it is told to stop, then takes one more turn to clean up. */
function endless(name: string, log: string[]): Vertex {
  return step({
    name,
    run: (_inputs, { signal }: OpContext) =>
      new Promise((_resolve, reject) => {
        log.push(`${name} began`);
        signal?.addEventListener('abort', () => {
          setImmediate(() => {
            log.push(`${name} cleaned up`);
            reject(signal.reason);
          });
        });
      }),
  });
}

function failing(name: string, when: Promise<void>): Vertex {
  return step({ name, run: async () => (await when, Promise.reject(new RangeError('exit code 3'))) });
}

async function caught(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('a vertex that fails', () => {
  test('names itself and its cause', async () => {
    const machine = createMachine();
    const bad = failing('bad', Promise.resolve());

    const error = await caught(machine.solve([out(step({ name: 'after', inputs: [{ from: out(bad) }] }))]));

    expect(isToolError(error, 'SOLVER_VERTEX_FAILED')).toBe(true);
    expect(error).toMatchObject({
      vertex: bad.digest,
      vertexName: 'bad',
      message: 'bad: exit code 3',
      cause: { message: 'exit code 3' },
    });
    expect(machine.outcomes()).toEqual({ bad: 'failed' });
  });

  test('cancels the others and waits for them', async () => {
    const machine = createMachine();
    const log: string[] = [];
    const others = [endless('one', log), endless('two', log)];
    const begun = (async () => {
      while (log.length < 2) await new Promise(setImmediate);
    })();

    const error = await caught(
      machine.solve([...others, failing('bad', begun)].map((vertex) => out(vertex))),
    );

    expect(error).toMatchObject({ vertexName: 'bad' });
    expect(log.toSorted()).toEqual(['one began', 'one cleaned up', 'two began', 'two cleaned up']);
    expect(machine.outcomes()).toEqual({ bad: 'failed', one: 'canceled', two: 'canceled' });
  });

  test('keeps what was finished before in the cache', async () => {
    const machine = createMachine();
    const good = step({ name: 'good' });
    let broken = true;
    const flaky: FakeStep = {
      name: 'flaky',
      inputs: [{ from: out(good) }],
      run: async () => (broken ? Promise.reject(new Error('no')) : ['fine']),
    };
    await caught(machine.solve([out(step(flaky))]));
    broken = false;
    machine.forget();

    expect(await machine.solve([out(step(flaky))])).toEqual(['fine']);
    expect(machine.executed).toEqual(['flaky']);
  });

  test('fails the solve already when its cache map fails', async () => {
    const machine = createMachine();

    const error = await caught(
      machine.solve([out(step({ name: 'bad', mapFailure: new Error('not found') }))]),
    );

    expect(error).toMatchObject({ code: 'SOLVER_VERTEX_FAILED', vertexName: 'bad' });
    expect(machine.executed).toEqual([]);
  });

  test('fails when it lacks the output asked for', async () => {
    const machine = createMachine();

    const error = await caught(machine.solve([out(step({ name: 'bad' }), 3)]));

    expect(error).toMatchObject({ code: 'SOLVER_VERTEX_FAILED', cause: { code: 'SOLVER_OUTPUT_MISSING' } });
  });

  test('frees its slot for the next solve', async () => {
    const machine = createMachine({ parallelism: 1 });
    await caught(
      machine.solve([out(step({ name: 'bad', heavy: true, run: () => Promise.reject(new Error('no')) }))]),
    );

    expect(await machine.solve([out(step({ name: 'good', heavy: true }))])).toEqual(['good()']);
  });

  test('is not blamed when an equal one executed in its place', async () => {
    const machine = createMachine();
    const named = (name: string): Edge =>
      out(step({ name, seeds: ['same'], run: () => Promise.reject(new Error('no')) }));

    const error = await caught(machine.solve([named('first'), named('second')]));

    expect(error).toMatchObject({ vertexName: 'first' });
    expect(machine.executed).toEqual(['first']);
  });
});

describe('an aborted solve', () => {
  test('rejects with the reason after every op has ended', async () => {
    const machine = createMachine({ parallelism: 1 });
    const controller = new AbortController();
    const log: string[] = [];
    const reason = new RangeError('stop');
    const waiting = step({ name: 'waiting', heavy: true, inputs: [{ from: out(endless('input', log)) }] });

    const solving = caught(
      machine.solve([out(endless('one', log)), out(waiting)], { signal: controller.signal }),
    );
    while (log.length < 2) await new Promise(setImmediate);
    controller.abort(reason);

    expect(await solving).toBe(reason);
    expect(log).toHaveLength(4);
    expect(machine.outcomes()).toEqual({ one: 'canceled', input: 'canceled' });
  });

  test('does nothing when aborted before it begins', async () => {
    const machine = createMachine();
    const reason = new RangeError('stop');

    expect(
      await caught(machine.solve([out(step({ name: 'a' }))], { signal: AbortSignal.abort(reason) })),
    ).toBe(reason);
    expect([machine.events, machine.mapped]).toEqual([[], []]);
  });

  test('leaves the cache usable', async () => {
    const machine = createMachine();
    const controller = new AbortController();
    const log: string[] = [];
    const good = step({ name: 'good' });
    const end = (run: FakeStep['run'] | undefined): Edge =>
      out(step({ name: 'end', inputs: [{ from: out(good) }], ...(run === undefined ? {} : { run }) }));
    const solving = caught(
      machine.solve([end((endless('end', log).payload as FakeStep).run)], { signal: controller.signal }),
    );
    while (log.length < 1) await new Promise(setImmediate);
    controller.abort();
    await solving;
    machine.forget();

    expect(await machine.solve([end(undefined)])).toEqual(['end(good())']);
    expect(machine.executed).toEqual(['end']);
  });
});

test('a graph that depends on itself is refused', async () => {
  const machine = createMachine();
  const inputs: Edge[] = [];
  const vertex: Vertex = { ...step({ name: 'loop' }), inputs };
  inputs.push(out(vertex));

  expect(await caught(machine.solve([out(vertex)]))).toMatchObject({ code: 'SOLVER_GRAPH_CYCLIC' });
});
