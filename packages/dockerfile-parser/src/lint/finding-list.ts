// SPDX-License-Identifier: MIT
import type { CheckSettings } from '../check-directive.ts';
import type { Instruction } from '../instruction.ts';
import type { SourceRange } from '../source-range.ts';
import { checkCommentsOf } from './check-comment.ts';
import type { LintFinding } from './lint-finding.ts';
import type { LintReport, LintRule, LintRuleMeta } from './lint-rule.ts';
import { type LintSettings, selects } from './lint-settings.ts';

/** Findings kept of one file, so that hostile input cannot fill the memory with them. */
export const MAX_FINDINGS = 10_000;

/** Collects what rules report, and leaves out what the file does not want to hear. */
export interface FindingList {
  /** Whether a rule can report anything at all. */
  mayRun(rule: LintRule): boolean;
  add(rule: LintRule, report: LintReport): void;
  /** By place; those of one place in the order they came. */
  sorted(): readonly LintFinding[];
}

/** Creates an empty {@link FindingList} for a file of these instructions. */
export function createFindingList(instructions: readonly Instruction[], settings: LintSettings): FindingList {
  const findings: LintFinding[] = [];
  const seen = new Set<string>();
  const comments = new Map<Instruction, readonly CheckSettings[]>();
  for (const instruction of instructions) {
    const found = checkCommentsOf(instruction.comments);
    if (found.length > 0) comments.set(instruction, found);
  }
  return {
    mayRun: ({ meta }) =>
      isOn(meta, [settings]) ||
      (meta.experimental && [...comments.values()].some((asked) => isOn(meta, [settings, ...asked]))),
    add({ meta }, report) {
      const holder = instructionAt(instructions, report.range.start.offset);
      const asker = report.instruction ?? holder;
      const asked = (asker === null ? undefined : comments.get(asker)) ?? [];
      if (!isOn(meta, [settings, ...asked])) return;
      const { name, description, url } = meta;
      const { message, range, context = holder?.range ?? range } = report;
      const key = `${range.start.offset} ${range.end.offset} ${name} ${message}`;
      if (seen.has(key) || findings.length >= MAX_FINDINGS) return;
      seen.add(key);
      findings.push({ rule: name, message, description, url, range, context });
    },
    sorted: () => findings.toSorted((a, b) => comparePlaces(a, b)),
  };
}

/** Whether a rule is on where these settings count together. An experimental one is not meant by `skip=all`. */
function isOn(
  { name, experimental }: LintRuleMeta,
  settings: readonly Pick<LintSettings | CheckSettings, 'skip' | 'experimental'>[],
): boolean {
  if (!experimental) return !settings.some(({ skip }) => selects(skip, name));
  return (
    settings.some((one) => selects(one.experimental, name)) &&
    !settings.some(({ skip }) => skip !== 'all' && selects(skip, name))
  );
}

function comparePlaces(a: LintFinding, b: LintFinding): number {
  return a.context.start.offset - b.context.start.offset || a.range.start.offset - b.range.start.offset;
}

/** The instruction that holds a place; `null` when it is between instructions. */
function instructionAt(instructions: readonly Instruction[], offset: number): Instruction | null {
  let low = 0;
  let high = instructions.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const instruction = instructions[middle] as Instruction;
    if (offset < instruction.range.start.offset) high = middle - 1;
    else if (isInside(instruction.range, offset)) return instruction;
    else low = middle + 1;
  }
  return null;
}

function isInside({ start, end }: SourceRange, offset: number): boolean {
  return start.offset <= offset && offset < Math.max(end.offset, start.offset + 1);
}
