// SPDX-License-Identifier: MIT
import type { StopsignalInstruction } from '@img-build/dockerfile-parser';
import { addHistory } from '../image.ts';
import { expandHere, type InstructionContext, invalid } from './instruction-context.ts';

const NAMES: ReadonlySet<string> = new Set(
  (
    'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP ' +
    'TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX'
  ).split(' '),
);

/** Sets the signal that stops the container: a name, with or without SIG, or a number. */
export function lowerStopsignal(instruction: StopsignalInstruction, context: InstructionContext): void {
  const { image } = context.stage;
  const signal = expandHere(context, instruction.signal.value);
  if (!isSignal(signal)) throw invalid(`invalid signal: ${signal}`);
  image.config.StopSignal = signal;
  addHistory(image, `STOPSIGNAL ${signal}`, { layer: false });
}

function isSignal(text: string): boolean {
  if (/^\d+$/.test(text)) return Number(text) > 0;
  const name = text.toUpperCase().replace(/^SIG/, '');
  if (NAMES.has(name)) return true;
  const [, base, offset] = /^RT(MIN\+|MAX-)(\d{1,2})$/.exec(name) ?? [];
  if (base === undefined) return false;
  return Number(offset) >= 1 && Number(offset) <= (base === 'MIN+' ? 15 : 14);
}
