#!/usr/bin/env node
// SPDX-License-Identifier: MIT
import { VERSION } from './version.ts';

// The version is asked for by scripts in loops: nothing else is loaded for it.
const [only, ...rest] = process.argv.slice(2);
if (rest.length === 0 && (only === '--version' || only === '-v')) {
  process.stdout.write(`img version ${VERSION}\n`);
} else {
  const { keepCompiledCode } = await import('./compiled-code.ts');
  keepCompiledCode(process.env);
  const { runProgram } = await import('./run-program.ts');
  process.exitCode = await runProgram(process.argv.slice(2), process);
}
