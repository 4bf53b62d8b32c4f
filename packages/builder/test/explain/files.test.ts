// SPDX-License-Identifier: MIT
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareFiles } from '../../src/explain/compare-files.ts';
import { decodeFileLists, encodeFileLists, fileList } from '../../src/explain/file-list.ts';

const path = fc
  .array(fc.constantFrom('a', 'b', 'ä', 'c.js'), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join('/'));
const digest = fc.constantFrom('1', '2', '3').map((digit) => digit.repeat(12));
const files = fc.dictionary(path, digest).map((entries) => new Map(Object.entries(entries)));

test('changed, added and removed files are named, in order', () => {
  const before = new Map(Object.entries({ 'src/b': '1', 'src/a': '1', gone: '1', same: '1' }));
  const after = new Map(Object.entries({ 'src/b': '2', 'src/a': '2', same: '1', new: '1' }));
  expect(compareFiles(before, after)).toEqual({
    changed: ['src/a', 'src/b'],
    added: ['new'],
    removed: ['gone'],
    total: 4,
  });
});

test('a folder stands for what came or went with it', () => {
  const folder = new Map(Object.entries({ d: '0', 'd/x': '1', 'd/e': '0', 'd/e/y': '1', other: '1' }));
  const rest = new Map(Object.entries({ other: '1' }));
  expect(compareFiles(rest, folder)).toEqual({ changed: [], added: ['d/'], removed: [], total: 1 });
  expect(compareFiles(folder, rest)).toEqual({ changed: [], added: [], removed: ['d/'], total: 1 });
});

test('a long list is cut and counted', () => {
  const many = new Map(
    Array.from({ length: 50 }, (_, at) => [`file-${String(at).padStart(2, '0')}`, '1'] as const),
  );
  const changes = compareFiles(new Map(), many);
  expect(changes?.added).toHaveLength(20);
  expect(changes?.added[0]).toBe('file-00');
  expect(changes?.total).toBe(50);
});

test('nothing differs exactly when the lists are equal, and the other way round the other way round', () => {
  fc.assert(
    fc.property(files, files, (before, after) => {
      const changes = compareFiles(before, after);
      const equal = before.size === after.size && [...after].every(([name, sum]) => before.get(name) === sum);
      expect(changes === undefined).toBe(equal);
      const back = compareFiles(after, before);
      expect(back?.added).toEqual(changes?.removed);
      expect(back?.removed).toEqual(changes?.added);
      expect(back?.total).toBe(changes?.total);
    }),
  );
});

test('lists survive being packed', () => {
  fc.assert(
    fc.property(fc.array(files, { maxLength: 3 }), (lists) => {
      const kept = new Map(
        lists.map((list, input) => [input, list] as const).filter(([, { size }]) => size > 0),
      );
      expect(decodeFileLists(encodeFileLists(kept))).toEqual(kept);
    }),
  );
});

test('anything else gives no lists, and too many files are not kept', () => {
  expect(decodeFileLists(undefined).size).toBe(0);
  expect(decodeFileLists(Buffer.from('no list')).size).toBe(0);
  const many = Array.from({ length: 200_001 }, (_, at) => ({
    path: `${at}`,
    digest: `sha256:${String(at).padStart(64, '0')}` as const,
  }));
  expect(encodeFileLists(new Map([[0, fileList(many)]]))).toBeUndefined();
});

test('twenty thousand files take less than half a megabyte', () => {
  const many = Array.from({ length: 20_000 }, (_, at) => ({
    path: `node_modules/package-${at % 400}/lib/file-${at}.js`,
    digest:
      `sha256:${((at + 1) * 2_654_435_761).toString(16).padStart(12, '0').repeat(6).slice(0, 64)}` as const,
  }));
  const packed = encodeFileLists(new Map([[1, fileList(many)]]));
  expect(packed?.length).toBeLessThan(512 * 1024);
  expect(packed?.length).toBeGreaterThan(1024);
});
