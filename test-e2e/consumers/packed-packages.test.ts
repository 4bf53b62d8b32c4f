// SPDX-License-Identifier: MIT

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { must } from '../support/run.ts';
import { testRun } from '../support/test-run.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const { busybox, folder: runFolder } = testRun();

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** Short names of a package and of the workspace packages it needs at run time. */
function workspaceClosure(short: string, found: Set<string> = new Set()): ReadonlySet<string> {
  found.add(short);
  for (const name of Object.keys(manifestOf(join(ROOT, 'packages', short)).dependencies ?? {})) {
    const other = /^@img-build\/(.+)$/.exec(name)?.[1];
    if (other !== undefined && !found.has(other)) workspaceClosure(other, found);
  }
  return found;
}

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
    printed: /^sha256:[0-9a-f]{64} 1\n$/,
  },
  {
    short: 'dockerfile-parser',
    closure: ['@img-build/dockerfile-parser', '@img-build/errors', '@img-build/path-patterns'],
    script: `
import { listStages, parse, print } from '@img-build/dockerfile-parser';
const text = 'FROM a AS b\\nRUN true\\nFROM b\\nCOPY --from=b /x /\\n';
const dockerfile = parse(text);
const { stages } = listStages(dockerfile);
console.log(stages.length, stages.flatMap(({ instructions }) => instructions.map(({ kind }) => kind)).join(), print(dockerfile.tree) === text);
`,
    printed: /^2 run,copy true\n$/,
  },
])('the packed $short alone', ({ short, closure, script, printed }) => {
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(runFolder, 'consumer-'));
    const tarballs = join(folder, 'tarballs');
    mkdirSync(tarballs);
    await must(join(ROOT, 'node_modules/.bin/turbo'), ['run', 'build', `--filter=@img-build/${short}`], {
      cwd: ROOT,
      env: { TURBO_TELEMETRY_DISABLED: '1' },
    });
    for (const each of workspaceClosure(short))
      await must('pnpm', ['pack', '--pack-destination', tarballs], { cwd: join(ROOT, 'packages', each) });
    writeFileSync(join(folder, 'package.json'), '{"name":"consumer","private":true,"type":"module"}\n');
    const files = readdirSync(tarballs).map((name) => join(tarballs, name));
    await must(
      'npm',
      ['install', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts', ...files],
      { cwd: folder, env: registryEnvironment() },
    );
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
    const { stdout } = await must(process.execPath, ['script.js'], { cwd: folder });

    expect(stdout).toMatch(printed);
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

/** What npm needs to reach its registry the way the machine is set up. */
function registryEnvironment(): Record<string, string> {
  const names = [
    'SSL_CERT_FILE',
    'NODE_EXTRA_CA_CERTS',
    'npm_config_registry',
    'HTTPS_PROXY',
    'https_proxy',
    'NO_PROXY',
    'no_proxy',
  ];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}
