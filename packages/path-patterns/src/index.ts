// SPDX-License-Identifier: MIT
export { cleanPath } from './clean-path.ts';
export {
  type IgnoreRule,
  parseIgnoreFile,
  parseIgnoreLine,
  parseIgnoreRules,
  splitIgnoreFile,
} from './ignore-file.ts';
export { createPathMatcher, hasWildcards, literalPath, matchPath } from './match-path.ts';
export { PathPatternError, type PathPatternErrorCode } from './path-pattern-error.ts';
export {
  createPatternMatcher,
  type DecidingRule,
  type Explanation,
  type PatternMatcher,
} from './pattern-matcher.ts';
