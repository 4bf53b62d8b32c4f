// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

test('the sources import nothing but each other and two packages of the workspace', () => {
  const folder = new URL('../src/', import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const imports = files.flatMap((file) => {
    const text = readFileSync(new URL(file, folder), 'utf8');
    return [...text.matchAll(/\bfrom '([^']+)'|\bimport\('([^']+)'\)/g)].map(
      (match) => match[1] ?? match[2] ?? '',
    );
  });

  expect(files.length).toBeGreaterThan(20);
  expect([...new Set(imports.filter((name) => !name.startsWith('.')))].sort()).toEqual([
    '@img-build/errors',
    '@img-build/path-patterns',
  ]);
});
