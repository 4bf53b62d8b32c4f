// SPDX-License-Identifier: MIT
// Fails when a file breaks one of the habits that keep the packages alike.
import { existsSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { ROOT, readPackages, report, sourceFiles } from './workspace.js';

const LINES_WANTED = 300;
const LINES_ALLOWED = 400;
const problems = [];
const threads = new Map();

for (const one of readPackages()) {
  checkPackage(one);
  for (const file of [...sourceFiles(join(one.folder, 'src')), ...sourceFiles(join(one.folder, 'test'))])
    checkFile(file);
  const index = join(one.folder, 'src/index.ts');
  if (existsSync(index)) checkIndex(index);
}
for (const folder of ['tools', 'test-e2e', 'bench']) sourceFiles(join(ROOT, folder)).forEach(checkFile);
report('conventions', problems);

function checkPackage({ folder, manifest, name }) {
  const { exports, engines, license, files, type } = manifest;
  if (type !== 'module' || license !== 'MIT' || engines?.node === undefined || !files?.includes('dist')) {
    problems.push(`${name}: package.json needs type module, license MIT, engines.node and files with dist`);
  }
  for (const [subpath, target] of Object.entries(exports ?? {})) {
    if (typeof target === 'string') continue;
    const order = Object.keys(target).join();
    if (order !== '@img-build/source,types,default')
      problems.push(`${name}: exports["${subpath}"] must be source, types, default`);
    const published = Object.keys(manifest.publishConfig?.exports?.[subpath] ?? {}).join();
    if (published !== 'types,default')
      problems.push(`${name}: publishConfig.exports["${subpath}"] must be types, default`);
  }
  const readme = join(folder, 'README.md');
  if (!existsSync(readme) || readFileSync(readme, 'utf8').split('\n').length < 8)
    problems.push(`${name}: README.md is missing or empty`);
}

function checkFile(file) {
  const place = relative(ROOT, file);
  const text = readFileSync(file, 'utf8');
  const lines = text.split('\n');
  const first = lines[0].startsWith('#!') ? lines[1] : lines[0];
  if (first !== '// SPDX-License-Identifier: MIT')
    problems.push(`${place}: the first line must be the SPDX line`);
  if (lines.length > LINES_ALLOWED)
    problems.push(`${place}: ${lines.length} lines; split it (at most ${LINES_ALLOWED})`);
  else if (lines.length > LINES_WANTED)
    console.warn(`conventions: warning: ${place} has ${lines.length} lines (wanted: ${LINES_WANTED})`);
  if (/\b(TO[D]O|FIX[M]E|X[X]X)\b/.test(text))
    problems.push(`${place}: unfinished work is marked in a comment`);
  if (/^export (default|\*)/m.test(text) && file.endsWith('.ts'))
    problems.push(`${place}: only named exports`);
  if (/@ts-(ignore|nocheck|expect-error)/.test(text) && file.endsWith('.ts'))
    problems.push(`${place}: a type error is silenced`);
  if (/\b(test|describe|it)\.(skip|only|todo)\b/.test(text))
    problems.push(`${place}: a skipped or focused test`);
  if (file.endsWith('.thread.ts')) checkThread(file, place);
}

/** The bundle puts all threads into one folder, so their names are unique over the whole tree. */
function checkThread(file, place) {
  const other = threads.get(basename(file));
  if (other !== undefined) problems.push(`${place}: same thread name as ${other}`);
  threads.set(basename(file), place);
}

function checkIndex(file) {
  const code = readFileSync(file, 'utf8').replace(/^\s*(\/\/|\/?\*).*$/gm, '');
  const rest = code.replace(/export\s+(type\s+)?\{[^}]*\}\s*(from\s*'[^']+')?;/g, '').trim();
  if (rest !== '') problems.push(`${relative(ROOT, file)}: index.ts only re-exports by name`);
}
