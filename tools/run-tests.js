// SPDX-License-Identifier: MIT
// Builds, checks and tests the whole tree, adds the results up and prints them; called by tools/test.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, readJson, readPackages } from './workspace.js';

const bin = (name) => join(ROOT, 'node_modules/.bin', name);
// Results depend on what the user may do, so the cache of one user's tests must not answer for another's.
const environment = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', IMG_TEST_UID: String(process.getuid()) };
const total = { passed: 0, failed: 0 };
const tested = testedFolders();

for (const folder of tested) rmSync(join(folder, 'test-results'), { recursive: true, force: true });

check('build', bin('turbo'), ['run', 'build', '--output-logs=errors-only']);
check('bundle', process.execPath, ['tools/bundle-cli.js']);
check('lint', 'tools/lint', []);
check('types', bin('tsc'), ['-p', 'tsconfig.json']);
run(bin('turbo'), [
  'run',
  'test',
  '--filter=./packages/*',
  '--continue=dependencies-successful',
  '--output-logs=errors-only',
]);
if (existsSync(join(ROOT, 'test-e2e/package.json'))) run('pnpm', ['run', 'test'], join(ROOT, 'test-e2e'));

console.log('');
for (const folder of tested) addUp(folder);
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;

/** A step with nothing to count: it adds a failure or nothing. */
function check(name, command, args) {
  console.log(`\n== ${name}`);
  if (run(command, args)) return;
  console.log(`${name}: failed`);
  total.failed += 1;
}

function run(command, args, cwd = ROOT) {
  const { status, error } = spawnSync(command, args, {
    cwd,
    env: environment,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error !== undefined) console.error(`${command}: ${error.message}`);
  return status === 0;
}

/** Folders whose manifest promises tests. */
function testedFolders() {
  const folders = [...readPackages().map(({ folder }) => folder), join(ROOT, 'test-e2e')];
  return folders.filter((folder) => {
    const manifest = join(folder, 'package.json');
    return existsSync(manifest) && readJson(manifest).scripts?.test !== undefined;
  });
}

/** No result means that the build failed or the run crashed, and no tests means that they were not found: both fail. */
function addUp(folder) {
  const { name } = readJson(join(folder, 'package.json'));
  let result;
  try {
    result = JSON.parse(readFileSync(join(folder, 'test-results/jest.json'), 'utf8'));
  } catch {
    result = { passed: 0, failed: 1, skipped: 0, failures: ['no test result was written'] };
  }
  if (result.passed + result.failed === 0) result = { ...result, failed: 1, failures: ['no test ran'] };
  total.passed += result.passed;
  total.failed += result.failed;
  const skipped = result.skipped > 0 ? `, ${result.skipped} skipped` : '';
  console.log(`${name}: ${result.passed} passed, ${result.failed} failed${skipped}`);
  for (const failure of result.failures) console.log(`    failed: ${failure}`);
}
