// SPDX-License-Identifier: MIT
import { errorToData, hintOf, messageOf } from '@img-build/errors';

/** `Error: …` with the causes that say something new, the hint, and with `debug` the stack. */
export function formatFailure(error: unknown, { debug }: { readonly debug: boolean }): string {
  const lines = [`Error: ${causeChain(error)}`];
  const hint = hintOf(error);
  if (hint !== undefined) lines.push(hint);
  if (debug) lines.push(stackOf(error));
  return `${lines.join('\n')}\n`;
}

/** The messages of an error and its causes, outermost first; one that the message before it already quotes is left out. */
export function causeChain(error: unknown): string {
  const messages: string[] = [];
  for (
    let at: unknown = error;
    at !== undefined && at !== null && messages.length < 8;
    at = (at as { cause?: unknown }).cause
  ) {
    const message = messageOf(at);
    if (message !== '' && !messages.some((earlier) => earlier.includes(message))) messages.push(message);
  }
  return messages.join(': ');
}

function stackOf(error: unknown): string {
  const stacks: string[] = [];
  for (
    let at: ReturnType<typeof errorToData> | undefined = errorToData(error);
    at !== undefined;
    at = at.cause
  ) {
    if (at.stack !== undefined) stacks.push(at.stack);
  }
  return stacks.join('\ncaused by: ');
}
