// SPDX-License-Identifier: MIT

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { must } from '../support/run.ts';
import { testRun } from '../support/test-run.ts';
import { installPacked, manifestOf, ROOT } from './packed.ts';

const { busybox } = testRun();

/** Every package below a `node_modules`. */
function installed(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith('.'))
    .flatMap((entry) =>
      entry.name.startsWith('@')
        ? readdirSync(join(folder, entry.name)).map((name) => `${entry.name}/${name}`)
        : [entry.name],
    )
    .toSorted();
}

/** The first program in the README of a package. */
function programInReadme(short: string): string {
  const readme = readFileSync(join(ROOT, 'packages', short, 'README.md'), 'utf8');
  const program = /^```js\n(.*?)^```$/ms.exec(readme)?.[1];
  if (program === undefined) throw new Error(`no program in the README of ${short}`);
  return program;
}

const DOCKERFILE = `# syntax=docker/dockerfile:1
FROM  golang:1.25   AS Build   \r
RUN <<EOF
  make   \\
EOF

from debian:12 as final \t
`;

describe.each([
  {
    short: 'registry-client',
    closure: [
      '@img-build/errors',
      '@img-build/interfaces',
      '@img-build/oci',
      '@img-build/registry-client',
      'undici',
    ],
    script: `
import { createRegistryClient } from '@img-build/registry-client';
import { parseReference } from '@img-build/oci';
const client = createRegistryClient();
try {
  const { descriptor, bytes } = await client.manifest(parseReference(${JSON.stringify(busybox)}));
  console.log(descriptor.digest, JSON.parse(Buffer.from(bytes).toString()).layers.length);
} finally {
  await client.close();
}
`,
    printed: expect.stringMatching(/^sha256:[0-9a-f]{64} 1\n$/),
    listed: '',
  },
  {
    short: 'dockerfile-parser',
    closure: ['@img-build/dockerfile-parser'],
    script: programInReadme('dockerfile-parser'),
    printed: DOCKERFILE.replace('debian:12', 'debian:13-slim'),
    listed: 'build golang:1.25\nfinal debian:12\n',
  },
])('the packed $short alone', ({ short, closure, script, printed, listed }) => {
  let folder: string;

  beforeAll(async () => {
    folder = await installPacked(short);
    writeFileSync(join(folder, 'Dockerfile'), DOCKERFILE);
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test('brings nothing but what it promises', () => {
    expect(installed(join(folder, 'node_modules'))).toEqual(closure);
  });

  test('has no trace of the workspace in its manifests', () => {
    for (const name of closure)
      expect(JSON.stringify(manifestOf(join(folder, 'node_modules', name)))).not.toMatch(
        /workspace:|@img-build\/source/,
      );
  });

  test('runs', async () => {
    writeFileSync(join(folder, 'script.js'), script);
    const { stdout, stderr } = await must(process.execPath, ['script.js'], { cwd: folder });

    expect({ stdout, stderr }).toEqual({ stdout: printed, stderr: listed });
  });

  test('is typed', async () => {
    const compilerOptions = {
      target: 'es2024',
      module: 'nodenext',
      strict: true,
      noEmit: true,
      types: ['node'],
      typeRoots: [join(ROOT, 'node_modules/@types')],
      skipLibCheck: true,
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['script.ts'] }));
    writeFileSync(join(folder, 'script.ts'), script);
    await must(join(ROOT, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.json'], { cwd: folder });
  });
});
