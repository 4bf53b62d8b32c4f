// SPDX-License-Identifier: MIT
import { isToolError } from '@img-build/errors';
import {
  cleanPath,
  createPatternMatcher,
  type IgnoreRule,
  type PatternMatcher,
  parseIgnoreLine,
  splitIgnoreFile,
} from '@img-build/path-patterns';

/** A line that is no rule. BuildKit refuses the whole file for it. */
export interface IgnoreDiagnostic {
  readonly code: 'PATTERN_INVALID';
  readonly message: string;
  /** The first is 1. */
  readonly line: number;
}

/** Why a path is ignored, or why not. */
export interface IgnoreExplanation {
  readonly ignored: boolean;
  /** The last rule that changed the decision; `null` when none did. */
  readonly rule: (IgnoreRule & { readonly exception: boolean }) | null;
  /** What that rule matches: the path itself or a folder it is in; `null` without a rule. */
  readonly matched: string | null;
}

/**
 * The rules of a `.dockerignore`, ready to be asked. Paths are relative to the context; `./`, a leading slash and a
 * slash at the end mean nothing. The context itself is never ignored.
 */
export interface IgnoreFile {
  /** Those that can be read, in order. */
  readonly rules: readonly IgnoreRule[];
  /** Lines that cannot be read; they decide nothing. */
  readonly diagnostics: readonly IgnoreDiagnostic[];
  ignores(path: string): boolean;
  /** Which rule on which line decided. */
  explain(path: string): IgnoreExplanation;
  /** Whether a walker may leave out a folder with all that is in it. */
  canSkip(folder: string): boolean;
}

/**
 * Reads a `.dockerignore` with the semantics of moby/patternmatcher: the last rule that matches wins, `!` takes back,
 * what matches a folder matches all that is in it. Never throws.
 */
export function parseIgnore(text: string): IgnoreFile {
  const rules: IgnoreRule[] = [];
  const diagnostics: IgnoreDiagnostic[] = [];
  for (const [index, content] of splitIgnoreFile(text).entries()) {
    const found = readRule(content, index + 1);
    if (found === null) continue;
    if ('code' in found) diagnostics.push(found);
    else rules.push(found);
  }
  const matcher = createPatternMatcher(rules.map(({ pattern }) => pattern));
  return {
    rules,
    diagnostics,
    ignores: (path) => matcher.matches(relativePath(path)),
    explain: (path) => explainPath(matcher, rules, relativePath(path)),
    canSkip: (folder) => matcher.canSkip(relativePath(folder)),
  };
}

function readRule(content: string, line: number): IgnoreRule | IgnoreDiagnostic | null {
  try {
    const pattern = parseIgnoreLine(content, line);
    if (pattern === null) return null;
    // Only compiling tells whether it is a pattern.
    createPatternMatcher([pattern]);
    return { pattern, line };
  } catch (error) {
    if (!isToolError(error, 'PATTERN_INVALID')) throw error;
    return { code: 'PATTERN_INVALID', message: error.message, line };
  }
}

function explainPath(matcher: PatternMatcher, rules: readonly IgnoreRule[], path: string): IgnoreExplanation {
  const { matched: ignored, rule } = matcher.explain(path);
  const found = rule === null ? undefined : rules[rule.index];
  if (rule === null || found === undefined) return { ignored, rule: null, matched: null };
  return {
    ignored,
    rule: { ...found, exception: rule.exception },
    matched: shortestMatch(rule.exception ? found.pattern.slice(1) : found.pattern, path),
  };
}

/** The topmost folder of a path (or the path) that a pattern matches. */
function shortestMatch(pattern: string, path: string): string {
  const { matches } = createPatternMatcher([pattern]);
  for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
    const folder = path.slice(0, end);
    if (matches(folder)) return folder;
  }
  return path;
}

function relativePath(path: string): string {
  return cleanPath(`/${path}`).slice(1);
}
