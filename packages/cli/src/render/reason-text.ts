// SPDX-License-Identifier: MIT
import type { FileChanges, StepReason } from '@img-build/interfaces';
import { printableName } from './printable.ts';

/** Paths that a sentence names; the rest is counted. */
const NAMED_PATHS = 5;
/** Characters of a value that a sentence shows. */
const SHOWN_CHARACTERS = 60;
/** Instructions that set what a setting is called. */
const INSTRUCTIONS: Readonly<Record<string, string>> = {
  shell: 'SHELL',
  user: 'USER',
  workdir: 'WORKDIR',
};

/** One reason as a sentence without an end. */
export function reasonText(reason: StepReason): string {
  const text = printableName(causeText(reason));
  return reason.step === undefined ? text : `${text} (${stepLabel(reason.step)})`;
}

function causeText(reason: StepReason): string {
  switch (reason.kind) {
    case 'first-build':
      return 'first build';
    case 'instruction-added':
      return 'new instruction';
    case 'instruction-changed':
      return `instruction changed, it was ${shown(reason.before)}`;
    case 'files-changed':
      return reason.files === undefined ? 'files of the build context changed' : filesText(reason.files);
    case 'variable-changed':
      return changeText(`${reason.variable} ${reason.name}`, reason, reason.hidden);
    case 'setting-changed':
      return settingText(reason);
    case 'platform-changed':
      return `platform: ${reason.before} → ${reason.after}`;
    case 'base-image-moved':
      return `base image ${reason.image} moved from ${shortDigest(reason.before)} to ${shortDigest(reason.after)}`;
    case 'base-image-changed':
      return `base image: ${reason.before} → ${reason.after}`;
    case 'source-changed':
      return `${reason.source} has changed`;
    case 'parent-changed':
      return parentText(reason.before, reason.after);
    case 'definition-changed':
      return 'its definition changed';
    case 'follows':
      return `follows from ${reason.steps.map(({ name }) => stepLabel(name)).join(' and ')}`;
    case 'cache-ignored':
      return `cache ignored (${reason.flag})`;
    case 'record-pruned':
      return `record pruned on ${dateText(reason.at)}`;
    case 'result-lost':
      return 'its result was lost';
    case 'failed-before':
      return 'has not succeeded before';
    case 'not-imported':
      return `not in the ${reason.caches.length === 1 ? 'cache' : 'caches'} ${reason.caches.join(', ')}`;
  }
}

function filesText({ changed, added, removed, total }: FileChanges): string {
  const kinds = [
    { paths: changed, verb: 'changed' },
    { paths: added, verb: 'added' },
    { paths: removed, verb: 'removed' },
  ].filter(({ paths }) => paths.length > 0);
  let left = NAMED_PATHS;
  const parts = kinds.flatMap(({ paths, verb }) => {
    const named = paths.slice(0, left);
    left -= named.length;
    return named.length === 0 ? [] : [{ names: named.join(', '), verb }];
  });
  const more = total - (NAMED_PATHS - left);
  if (more > 0 && kinds.length === 1)
    return parts.map(({ names, verb }) => `${names} and ${more} more ${verb}`).join();
  const text = parts.map(({ names, verb }) => `${names} ${verb}`).join(', ');
  return more > 0 ? `${text} and ${more} more` : text;
}

function settingText({
  setting,
  before,
  after,
}: Extract<StepReason, { readonly kind: 'setting-changed' }>): string {
  if (setting === 'command' || setting === 'text' || setting === 'heredoc')
    return `${setting === 'text' ? 'heredoc' : setting} changed`;
  return changeText(INSTRUCTIONS[setting] ?? setting, { before, after });
}

function changeText(
  name: string,
  { before, after }: { readonly before?: string | undefined; readonly after?: string | undefined },
  hidden = false,
): string {
  if (hidden) return `${name} changed`;
  if (before === undefined)
    return `${name} added${after === undefined || after === '' ? '' : `: ${shown(after)}`}`;
  if (after === undefined) return `${name} removed`;
  return `${name}: ${quoted(before)} → ${quoted(after)}`;
}

function quoted(text: string): string {
  return text === '' ? '""' : shown(text);
}

function shown(text: string): string {
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}…`;
}

function parentText(before: string, after: string): string {
  if (before === after || before === '') return `stands on another result of ${stepLabel(after)} than before`;
  return `stands on ${shown(withoutPlace(after))} instead of ${shown(withoutPlace(before))}`;
}

function withoutPlace(name: string): string {
  return name.replace(/^\[[^\]]*\] /, '');
}

/** `sha256:` and twelve characters. */
function shortDigest(digest: string): string {
  return digest.slice(0, digest.indexOf(':') + 13);
}

/** Day and time, as the machine's clock shows them. */
function dateText(at: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** `step 3`, or `step 3 of build` where there are several stages. */
export function stepLabel(name: string): string {
  const [, stage, number] = /^\[(?:(.*) )?\s*(\d+)\/\d+\]/.exec(name) ?? [];
  if (number === undefined) return shown(name);
  const where = stage?.trim() ?? '';
  return where === '' ? `step ${number}` : `step ${number} of ${where}`;
}
