// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import type { StepEntry } from '@img-build/interfaces';
import { describe, expect, test } from '@jest/globals';
import { openState } from './temporary-state.ts';

function counter(): () => number {
  let now = 100;
  return () => now++;
}

const STEP: StepEntry & { readonly files?: Uint8Array } = {
  project: 'project',
  dockerfile: 'text',
  place: 'build 2 exec',
  instruction: 'RUN make',
  key: 'key-1',
  fingerprint: 'print-1',
  description: '{}',
  failed: false,
};
const QUERY = { project: 'project', dockerfile: 'other', place: 'other', instruction: 'RUN make' };

describe('steps', () => {
  test('are found by instruction or place, in their project or in the same text, newest first', () => {
    const { steps } = openState({ clock: counter() });
    steps.put([
      { ...STEP, files: Buffer.from('files') },
      { ...STEP, place: 'build 3 exec', fingerprint: 'print-2', key: 'key-2' },
    ]);
    steps.put([{ ...STEP, project: 'elsewhere', fingerprint: 'print-3', key: 'key-3' }]);
    steps.put([{ ...STEP, project: 'elsewhere', dockerfile: 'unknown', fingerprint: 'print-4' }]);
    const prints = (query: typeof QUERY): readonly string[] =>
      steps.candidates(query).map(({ fingerprint }) => fingerprint);

    expect(prints(QUERY)).toEqual(['print-2', 'print-1']);
    expect(prints({ ...QUERY, dockerfile: 'text' })).toEqual(['print-3', 'print-2', 'print-1']);
    expect(prints({ ...QUERY, instruction: 'x', place: 'build 3 exec' })).toEqual(['print-2']);
    expect(prints({ ...QUERY, project: 'nobody' })).toEqual([]);
    const [, first] = steps.candidates(QUERY);
    expect(first).toEqual({ ...STEP, id: 1, at: 100, prunedAt: undefined });
    expect(Buffer.from(steps.filesOf(1) ?? []).toString()).toBe('files');
    expect(steps.filesOf(2)).toBeUndefined();
    expect(steps.byKey('key-3')?.project).toBe('elsewhere');
    expect(steps.byKey('key-9')).toBeUndefined();
    expect(steps.knowsProject({ project: 'nobody', dockerfile: 'text' })).toBe(true);
    expect(steps.knowsProject({ project: 'nobody', dockerfile: 'nothing' })).toBe(false);
  });

  test('are known to a project by their keys', () => {
    const { steps } = openState();
    steps.put([STEP]);
    expect(steps.unknown('project', ['key-1', 'key-2'])).toEqual(new Set(['key-2']));
    expect(steps.unknown('other', ['key-1'])).toEqual(new Set(['key-1']));
    expect(steps.unknown('project', [])).toEqual(new Set());
  });

  test('replace an equal one and keep the latest eight states of a place', () => {
    const { steps } = openState({ clock: counter() });
    steps.put([STEP]);
    steps.put([{ ...STEP, failed: true }]);
    expect(steps.candidates(QUERY)).toMatchObject([{ failed: true, at: 101 }]);
    for (let at = 0; at < 12; at++) steps.put([{ ...STEP, fingerprint: `state-${at}` }]);
    expect(steps.candidates(QUERY).map(({ fingerprint }) => fingerprint)).toEqual(
      Array.from({ length: 8 }, (_, at) => `state-${11 - at}`),
    );
  });

  test('are bounded together: the oldest go first', () => {
    const { steps } = openState({ clock: counter() });
    const files = randomBytes(3 * 1024 * 1024);
    for (let at = 0; at < 7; at++)
      steps.put([{ ...STEP, place: `p${at}`, fingerprint: `f${at}`, key: `k${at}`, files }]);
    const known = Array.from({ length: 7 }, (_, at) => `k${at}`);
    expect(steps.unknown('project', known)).toEqual(new Set(['k0', 'k1']));
  });

  test('are pruned when their keys lead nowhere, and then little is kept', () => {
    const { steps, cacheKeys } = openState({ clock: counter() });
    const files = randomBytes(50_000);
    for (let at = 0; at < 4; at++) {
      cacheKeys.addResult(`k${at}`, { id: `record-${at}`, createdAt: 1 });
      steps.put([{ ...STEP, place: `p${at}`, fingerprint: `f${at}`, key: `k${at}`, files }]);
    }
    steps.markPruned(7);
    expect(steps.byKey('k0')?.prunedAt).toBeUndefined();
    for (const id of ['record-0', 'record-1', 'record-2']) cacheKeys.releaseResult(id);
    steps.markPruned(7000);
    steps.markPruned(8000);

    expect([0, 1, 2, 3].map((at) => steps.byKey(`k${at}`)?.prunedAt)).toEqual([7000, 7000, 7000, undefined]);
    expect([1, 2, 3, 4].map((id) => steps.filesOf(id)?.length)).toEqual([
      undefined,
      undefined,
      50_000,
      50_000,
    ]);
    for (let at = 4; at < 2004; at++)
      steps.put([{ ...STEP, place: `p${at}`, fingerprint: `f${at}`, key: `k${at}` }]);
    steps.markPruned(9000);
    const pruned = steps.unknown(
      'project',
      Array.from({ length: 2004 }, (_, at) => `k${at}`),
    );
    expect(pruned.size).toBeGreaterThan(1400);
    expect(pruned.has('k2003')).toBe(false);
    expect(pruned.has('k3')).toBe(false);
  });
});

describe('builds', () => {
  const HOUR = 60 * 60 * 1000;
  const build = (at: number, bytes = 10): Parameters<ReturnType<typeof openState>['builds']['add']>[0] => ({
    reference: `build-${at}`,
    fingerprint: `print-${at}`,
    at,
    report: Uint8Array.from({ length: bytes }, (_, index) => index % 251),
  });

  test('are listed newest first and known by their fingerprint', () => {
    const { builds } = openState({ clock: () => 100 });
    builds.add(build(1));
    builds.add(build(2));
    expect(builds.list()).toEqual([build(2), build(1)]);
    expect([builds.knows('print-1'), builds.knows('print-3')]).toEqual([true, false]);
  });

  test('are the latest fifty of two days', () => {
    let now = 0;
    const { builds } = openState({ clock: () => now });
    for (let at = 1; at <= 60; at++) builds.add(build(at));
    expect(builds.list().map(({ at }) => at)).toEqual(Array.from({ length: 50 }, (_, at) => 60 - at));
    now = 48 * HOUR + 58;
    expect(builds.list().map(({ at }) => at)).toEqual([60, 59, 58]);
    builds.add(build(48 * HOUR + 60));
    expect(builds.list()).toHaveLength(2);
  });

  test('keep the newest report whatever its size, and others as far as there is room', () => {
    const { builds } = openState({ clock: () => 100 });
    builds.add(build(1, 1000));
    builds.add(build(2, 100_000));
    builds.add(build(3, 100_000));
    expect(builds.list().map(({ at }) => at)).toEqual([3]);
    builds.add(build(4, 1_000_000));
    expect(builds.list().map(({ at }) => at)).toEqual([4]);
  });
});
