// SPDX-License-Identifier: MIT
import { cleanPath } from './clean-path.ts';
import type { GlobMatcher } from './glob-matcher.ts';
import { compileIgnorePattern } from './ignore-pattern.ts';
import { PathPatternError } from './path-pattern-error.ts';
import { trimSpace } from './trim-space.ts';

/** The rule that decided about a path. */
export interface DecidingRule {
  /** Index into the patterns the matcher was made of. */
  readonly index: number;
  /** The pattern after cleaning, with its `!`. */
  readonly pattern: string;
  /** True for a `!` rule: the path is not matched because of it. */
  readonly exception: boolean;
}

/** A decision and its reason. */
export interface Explanation {
  readonly matched: boolean;
  /** The last rule that changed the decision; `null` when none did. */
  readonly rule: DecidingRule | null;
}

/**
 * A list of patterns as one decision, with the semantics of moby/patternmatcher:
 * later rules win, `!` takes back what earlier ones matched, and a rule that
 * matches a folder matches everything in it.
 *
 * Paths are relative, clean and separated by slashes. The root itself (`.` or an
 * empty path) is never matched.
 */
export interface PatternMatcher {
  /** Whether the rules match the path. */
  matches(path: string): boolean;
  /** Which rule decided. */
  explain(path: string): Explanation;
  /**
   * Whether a walker may leave out the folder with all its content: it is matched,
   * and no later exception can match anything below.
   */
  canSkip(folder: string): boolean;
  /** Whether any rule starts with `!`. */
  readonly hasExceptions: boolean;
}

interface Rule extends DecidingRule {
  readonly glob: GlobMatcher;
}

/**
 * Compiles patterns: white space around them is dropped, empty ones are ignored,
 * each is cleaned as a path. Patterns of an ignore file must come from
 * {@link parseIgnoreFile}, which knows comments and leading slashes.
 *
 * @throws PathPatternError `PATTERN_INVALID` for bad syntax and for a lone `!`.
 */
export function createPatternMatcher(patterns: readonly string[]): PatternMatcher {
  const rules: Rule[] = [];
  for (const [index, pattern] of patterns.entries()) {
    const rule = compileRule(pattern, index);
    if (rule !== null) rules.push(rule);
  }
  const decide = (path: string): number => (path === '' || path === '.' ? -1 : lastDecision(rules, path));
  return {
    hasExceptions: rules.some(({ exception }) => exception),
    matches: (path) => rules[decide(path)]?.exception === false,
    explain(path) {
      const rule = rules[decide(path)];
      if (rule === undefined) return { matched: false, rule: null };
      const { index, pattern, exception } = rule;
      return { matched: !exception, rule: { index, pattern, exception } };
    },
    canSkip(folder) {
      const decided = decide(folder);
      if (rules[decided]?.exception !== false) return false;
      return !rules.slice(decided + 1).some(({ exception, glob }) => exception && glob.viable(`${folder}/`));
    },
  };
}

function compileRule(written: string, index: number): Rule | null {
  const trimmed = trimSpace(written);
  if (trimmed === '') return null;
  const pattern = cleanPath(trimmed);
  const exception = pattern.startsWith('!');
  if (pattern === '!')
    throw new PathPatternError('illegal exclusion pattern: "!"', { code: 'PATTERN_INVALID' });
  return { index, pattern, exception, glob: compileIgnorePattern(exception ? pattern.slice(1) : pattern) };
}

/** Index of the last rule that changed the decision, `-1` when none did. */
function lastDecision(rules: readonly Rule[], path: string): number {
  let decided = -1;
  let matched = false;
  for (const [index, rule] of rules.entries()) {
    if (rule.exception !== matched || !rule.glob.matchesWithParents(path)) continue;
    matched = !rule.exception;
    decided = index;
  }
  return decided;
}
