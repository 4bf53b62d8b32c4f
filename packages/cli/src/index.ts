// SPDX-License-Identifier: MIT
export { type ProgramProcess, runProgram } from './run-program.ts';
export { VERSION } from './version.ts';
