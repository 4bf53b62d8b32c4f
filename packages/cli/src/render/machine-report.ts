// SPDX-License-Identifier: MIT
import type { MachineReport } from '../doctor/examine-machine.ts';
import { printableName } from './printable.ts';

/** One line per finding, with the way out behind it, and a last line that sums up. */
export function machineReportText({ findings }: MachineReport): string {
  const lines = findings.map(({ severity, subject, message, hint }) =>
    printableName(`${severity.padEnd(8)}${subject}: ${message}${hint === undefined ? '' : ` => ${hint}`}`),
  );
  const [errors, warnings] = (['error', 'warning'] as const).map(
    (wanted) => findings.filter(({ severity }) => severity === wanted).length,
  ) as [number, number];
  lines.push(verdict(errors, warnings));
  return `${lines.join('\n')}\n`;
}

function verdict(errors: number, warnings: number): string {
  if (errors > 0)
    return `This machine lacks what builds need: ${count(errors, 'error')}, ${count(warnings, 'warning')}.`;
  return warnings === 0
    ? 'This machine has all that builds need.'
    : `This machine has what builds need, with ${count(warnings, 'warning')}.`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
