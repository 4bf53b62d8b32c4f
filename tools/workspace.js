// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Absolute path of the repository. */
export const ROOT = resolve(import.meta.dirname, '..');

/** Every package under packages/, with its manifest and its tier (the tag in its turbo.json). */
export function readPackages() {
  return readdirSync(join(ROOT, 'packages'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => {
      const folder = join(ROOT, 'packages', entry.name);
      const manifest = readJson(join(folder, 'package.json'));
      const [tier] = readJson(join(folder, 'turbo.json')).tags;
      return { short: entry.name, name: manifest.name, folder, manifest, tier };
    });
}

/** Files below `folder` whose name ends with `.ts` or `.js`, absolute, in a stable order; [] when it does not exist. */
export function sourceFiles(folder) {
  const skipped = /(^|\/)(node_modules|dist|bundle|test-results|coverage|fixtures)(\/|$)/;
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.[jt]s$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => !skipped.test(file.slice(folder.length)))
      .sort();
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}

export function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Prints the problems found, if any, and sets the exit code. */
export function report(check, problems) {
  for (const problem of problems) console.error(`${check}: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
  else console.log(`${check}: ok`);
}
