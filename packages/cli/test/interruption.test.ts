// SPDX-License-Identifier: MIT
import { EventEmitter } from 'node:events';
import { describe, expect, jest, test } from '@jest/globals';
import { createInterruption, type Interruption } from '../src/interruption.ts';
import { run, temporaryFolder } from './support/fake-process.ts';

interface Scene {
  readonly host: EventEmitter;
  readonly interruption: Interruption;
  /** What happened, in order. */
  readonly ends: (number | string)[];
}

function scene(): Scene {
  const ends: (number | string)[] = [];
  const host = Object.assign(new EventEmitter(), { exit: (code: number) => void ends.push(code) });
  const interruption = createInterruption(host as unknown as NodeJS.Process, () => void ends.push('tidy'));
  return { host, interruption, ends };
}

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
])('%s aborts and gives the exit code %d', (signal, code) => {
  const { host, interruption, ends } = scene();
  expect(interruption.exitCode).toBeUndefined();
  host.emit(signal, signal);
  expect([interruption.signal.aborted, interruption.exitCode, ends]).toEqual([true, code, []]);
  interruption.close();
});

test('a second signal ends at once, with the code of the first', () => {
  const { host, interruption, ends } = scene();
  host.emit('SIGTERM', 'SIGTERM');
  host.emit('SIGINT', 'SIGINT');
  expect(ends).toEqual(['tidy', 143]);
  interruption.close();
});

test('cleaning up has less than two seconds', () => {
  jest.useFakeTimers();
  try {
    const { host, ends } = scene();
    host.emit('SIGINT', 'SIGINT');
    jest.advanceTimersByTime(1999);
    expect(ends).toEqual(['tidy', 130]);
  } finally {
    jest.useRealTimers();
  }
});

test('a closed one hears nothing', () => {
  const { host, interruption } = scene();
  interruption.close();
  expect(host.eventNames()).toEqual([]);
});

describe('the program', () => {
  test('ends with the code of the signal and says nothing', async () => {
    let host = new EventEmitter();
    // The password never comes: stdin stays open.
    const running = run(['login', '-u', 'me', '--password-stdin', 'r.example', '-s', temporaryFolder()], {
      open: true,
      prepare(process) {
        host = process;
      },
    });
    await new Promise((resolve) => setImmediate(resolve));
    host.emit('SIGINT', 'SIGINT');
    expect(await running).toEqual({ code: 130, stdout: '', stderr: '' });
    expect(host.eventNames().filter((name) => String(name).startsWith('SIG'))).toEqual([]);
  });
});
