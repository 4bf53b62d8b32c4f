// SPDX-License-Identifier: MIT
import { WorkerError } from '../worker-error.ts';

const CLASSES: Readonly<Record<string, number>> = { u: 0o700, g: 0o070, o: 0o007 };
const CLAUSE = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$/;
const OPERATION = /([-+=])([ugo]|[rwxXst]*)/g;

/**
 * Applies a symbolic mode (`u=rwX,go=rX`, `+x`, `g=u`) to a mode. @see chmod(1), "Symbolic Modes"
 *
 * @throws WorkerError `FILE_MODE_INVALID`
 */
export function applyModeExpression(expression: string, mode: number, isFolder: boolean): number {
  return expression
    .split(',')
    .reduce((current, clause) => applyClause(clause, current, isFolder, expression), mode & 0o7777);
}

function applyClause(clause: string, mode: number, isFolder: boolean, expression: string): number {
  const parsed = CLAUSE.exec(clause);
  if (parsed === null) {
    throw new WorkerError(`invalid chmod parameter: '${expression}'`, { code: 'FILE_MODE_INVALID' });
  }
  const who = parsed[1] === '' || parsed[1]?.includes('a') ? 'ugo' : (parsed[1] ?? '');
  let result = mode;
  for (const [, operator, what = ''] of (parsed[2] ?? '').matchAll(OPERATION)) {
    const bits = bitsFor(what, who, result, isFolder);
    if (operator === '+') result |= bits;
    else if (operator === '-') result &= ~bits;
    else result = (result & ~classMask(who)) | bits;
  }
  return result;
}

function classMask(who: string): number {
  const special = (who.includes('u') ? 0o4000 : 0) | (who.includes('g') ? 0o2000 : 0);
  return [...who].reduce((mask, each) => mask | (CLASSES[each] ?? 0), special);
}

function bitsFor(what: string, who: string, mode: number, isFolder: boolean): number {
  if (what in CLASSES) {
    const shift = { u: 6, g: 3, o: 0 }[what as 'u' | 'g' | 'o'];
    return spread((mode >> shift) & 7, who);
  }
  let permissions = 0;
  let special = 0;
  for (const letter of what) {
    if (letter === 'r') permissions |= 4;
    if (letter === 'w') permissions |= 2;
    if (letter === 'x' || (letter === 'X' && (isFolder || (mode & 0o111) !== 0))) permissions |= 1;
    if (letter === 's') special |= (who.includes('u') ? 0o4000 : 0) | (who.includes('g') ? 0o2000 : 0);
    if (letter === 't') special |= 0o1000;
  }
  return spread(permissions, who) | special;
}

function spread(permissions: number, who: string): number {
  return (
    (who.includes('u') ? permissions << 6 : 0) |
    (who.includes('g') ? permissions << 3 : 0) |
    (who.includes('o') ? permissions : 0)
  );
}
