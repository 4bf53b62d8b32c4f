// SPDX-License-Identifier: MIT

import { quote } from '../characters.ts';
import { parseCheckSettings } from '../check-directive.ts';
import type { Dockerfile } from '../dockerfile.ts';
import { buildArg } from '../resolve/global-variables.ts';
import type { LintBuildError, LintOptions } from './lint-options.ts';

/** Names of rules, or all there are. */
export type RuleSelection = 'all' | ReadonlySet<string>;

/** What the file and the caller ask for together. */
export interface LintSettings {
  readonly skip: RuleSelection;
  readonly experimental: RuleSelection;
  readonly error: boolean;
}

/** Settings, and what is wrong with them. */
export interface ReadSettings {
  readonly settings: LintSettings;
  readonly invalid: LintBuildError | null;
}

const NOTHING = { skip: [], experimental: [], error: false } as const;

/** Joins the caller's settings with those of the directive, or of what replaces it. */
export function readLintSettings(dockerfile: Dockerfile, options: LintOptions): ReadSettings {
  const directive = dockerfile.directives.find(({ name }) => name === 'check');
  const given = options.check ?? buildArg(options.args ?? {}, 'BUILDKIT_DOCKERFILE_CHECK');
  const text = given ?? directive?.value ?? '';
  const written = text.trim() === '' ? NOTHING : parseCheckSettings(text);
  const { skip, experimental, error } = written ?? NOTHING;
  return {
    settings: {
      skip: joinSelections(skip, options.skip === 'all' ? [] : (options.skip ?? [])),
      experimental: joinSelections(experimental, options.experimental ?? []),
      error: options.error ?? error,
    },
    invalid:
      written !== null
        ? null
        : {
            code: 'CHECK_INVALID',
            message: `failed to parse check options: ${describeProblem(text)}`,
            contexts: given === undefined && directive !== undefined ? [directive.range] : [],
          },
  };
}

/** The first part of a directive that cannot be read. */
function describeProblem(text: string): string {
  const part = text.split(';').find((one) => parseCheckSettings(one) === null) ?? text;
  const [key = ''] = part.split('=', 1);
  if (key.trim() === 'error') return `failed to parse check option ${quote(part)}: invalid boolean`;
  return `invalid check option ${quote(key.length < part.length ? key.trim() : part)}`;
}

/** Whether a selection holds a rule. */
export function selects(selection: RuleSelection | readonly string[], rule: string): boolean {
  if (selection === 'all') return true;
  return 'has' in selection ? selection.has(rule) : selection.includes(rule);
}

function joinSelections(left: 'all' | readonly string[], right: 'all' | readonly string[]): RuleSelection {
  return left === 'all' || right === 'all' ? 'all' : new Set([...left, ...right]);
}
