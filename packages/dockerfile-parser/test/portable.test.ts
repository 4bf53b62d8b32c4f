// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { build } from 'esbuild';

const SOURCES = new URL('../src/', import.meta.url);

/** Bundles a program for no platform in particular: a module of Node.js in it is an error. */
async function bundle(program: string): Promise<{ code: string; inputs: readonly string[] }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: program, resolveDir: fileURLToPath(SOURCES) },
    absWorkingDir: fileURLToPath(SOURCES),
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    platform: 'neutral',
    target: 'es2024',
    format: 'iife',
    globalName: 'program',
    conditions: ['@img-build/source'],
  });
  const [output] = Object.values(metafile.outputs);
  const inputs = Object.entries(output?.inputs ?? {})
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([name]) => name);
  return { code: outputFiles[0]?.text ?? '', inputs };
}

test('the sources import nothing but each other and two packages of the workspace', () => {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const imports = files.flatMap((file) => {
    const text = readFileSync(new URL(file, SOURCES), 'utf8');
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

test('everything runs where there is nothing but the language', async () => {
  const { code } = await bundle("export * from './index.ts'");
  // Not even console, URL or TextEncoder are there.
  const context = createContext(Object.create(null), { codeGeneration: { strings: false, wasm: false } });
  runInContext(code, context);
  const result: unknown = runInContext(
    `const text = '# syntax=x\\nFROM a AS b\\r\\nRUN --mount=type=bind,from=c,target=/d e\\nCOPY <<E /f\\n$g\\nE\\n';
     const parsed = program.parse(text);
     const editor = program.createEditor(parsed);
     editor.setBase(parsed.instructions[0], 'z');
     JSON.stringify([
       program.print(parsed) === text,
       JSON.stringify(JSON.parse(JSON.stringify(parsed))) === JSON.stringify(parsed),
       program.listImages(parsed).map(({ value }) => value),
       program.processWord('\${x:-y}', {}),
       editor.apply().split('\\r\\n')[0],
       program.format(parsed).includes('RUN --mount'),
       program.parse('RNU a').diagnostics[0].message,
     ])`,
    context,
  );

  expect(JSON.parse(String(result))).toEqual([
    true,
    true,
    ['x', 'a', 'c'],
    'y',
    '# syntax=x\nFROM z AS b',
    true,
    'unknown instruction: RNU (did you mean RUN?)',
  ]);
});

test.each([
  ['parse', ['edit', 'format', 'ignore', 'lint', 'resolve', 'path-patterns'], 60_000],
  ['processWord', ['edit', 'format', 'ignore', 'lint', 'resolve', 'path-patterns', 'instructions'], 15_000],
  ['createEditor', ['ignore', 'lint', 'resolve', 'path-patterns'], 80_000],
])('a bundle of %s alone leaves the rest out', async (name, absent, bytes) => {
  const { code, inputs } = await bundle(`export { ${name} } from './index.ts'`);

  expect(inputs.length).toBeGreaterThan(3);
  expect(inputs.filter((file) => absent.some((folder) => file.includes(`${folder}/`)))).toEqual([]);
  expect(code.length).toBeLessThan(bytes);
});

test('checks and ignore files run there, too', async () => {
  const { code } = await bundle("export * from './index.ts'");
  const context = createContext(Object.create(null), { codeGeneration: { strings: false, wasm: false } });
  runInContext(code, context);
  const result: unknown = runInContext(
    `const text = 'FROM scratch as b\\nCOPY $é x.log /\\nFROM b\\nUSER \${';
     const ignorePatterns = program.parseIgnoreFile('*.log');
     const result = program.lint(program.parse(text), { ignorePatterns, contexts: ['c'] });
     const file = { name: 'ü', text };
     JSON.stringify([
       result.findings.map(({ rule }) => rule),
       program.formatLintText(result, file).split('\\n')[0],
       program.lintJson(result, file).sources[0].data,
       program.lintSarif(result, file).runs[0].artifacts[0].location.uri,
       program.formatLintGithub(result, file).split('\\n').length,
       program.parseIgnore('a\\n!a/b').explain('a/b/c').rule,
     ])`,
    context,
  );

  expect(JSON.parse(String(result))).toEqual([
    ['FromAsCasing', 'UndefinedVar', 'CopyIgnoredFile'],
    'Check complete, 3 warnings have been found!',
    Buffer.from('FROM scratch as b\nCOPY $é x.log /\nFROM b\nUSER ${').toString('base64'),
    '%C3%BC',
    5,
    { pattern: '!a/b', line: 2, exception: true },
  ]);
});
