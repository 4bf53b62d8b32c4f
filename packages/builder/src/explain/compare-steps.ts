// SPDX-License-Identifier: MIT
import type { StepCause } from '@img-build/interfaces';
import type { StepDescription, StepSource, VariableValue } from './step-description.ts';

/** Settings that an instruction writes as words, in which variables are expanded. */
const WORDS =
  /^(?:source|destination|path|owner|permissions|included|excluded|link|removed path|mount .*|secret .*)$/;

/** What differs between two states of a step itself; what it reads is compared elsewhere. */
export function compareSteps(before: StepDescription, after: StepDescription): readonly StepCause[] {
  const variables = [
    ...compareVariables('ARG', before.args, after.args),
    ...compareVariables('ENV', before.env, after.env),
  ];
  const causes = [
    ...comparePlatforms(before, after),
    ...compareSources(before.source, after.source),
    ...variables,
    ...compareInstructions(before, after, variables.length > 0),
  ];
  if (causes.length > 0 || before.definition === after.definition || after.source !== undefined)
    return causes;
  return [{ kind: 'definition-changed' }];
}

function comparePlatforms(before: StepDescription, after: StepDescription): readonly StepCause[] {
  if (before.platform === after.platform) return [];
  return [{ kind: 'platform-changed', before: before.platform, after: after.platform }];
}

/** What differs between two states of something from outside. */
export function compareSources(
  before: StepSource | undefined,
  after: StepSource | undefined,
): readonly StepCause[] {
  if (after === undefined || before === undefined) return [];
  if (before.name === after.name && before.pin === after.pin) return [];
  if (after.kind !== 'image') return [{ kind: 'source-changed', source: after.name }];
  if (before.name !== after.name)
    return [{ kind: 'base-image-changed', before: before.name, after: after.name }];
  return [{ kind: 'base-image-moved', image: after.name, before: before.pin, after: after.pin }];
}

function compareVariables(
  variable: 'ARG' | 'ENV',
  before: Readonly<Record<string, VariableValue>>,
  after: Readonly<Record<string, VariableValue>>,
): readonly StepCause[] {
  const names = new Set([...Object.keys(after), ...Object.keys(before)]);
  return [...names].flatMap((name): StepCause[] => {
    const [old, now] = [before[name], after[name]];
    if (textOf(old) === textOf(now)) return [];
    if (typeof old === 'object' || typeof now === 'object')
      return [{ kind: 'variable-changed', variable, name, hidden: true }];
    return [{ kind: 'variable-changed', variable, name, before: old, after: now }];
  });
}

function textOf(value: VariableValue | undefined): string | undefined {
  return typeof value === 'object' ? `hidden ${value.hidden}` : value && `= ${value}`;
}

function compareInstructions(
  before: StepDescription,
  after: StepDescription,
  variablesChanged: boolean,
): readonly StepCause[] {
  const names = new Set([...Object.keys(after.settings), ...Object.keys(before.settings)]);
  const settings = [...names].flatMap((setting): Extract<StepCause, { kind: 'setting-changed' }>[] => {
    const [old, now] = [before.settings[setting], after.settings[setting]];
    return old === now ? [] : [{ kind: 'setting-changed', setting, before: old, after: now }];
  });
  if (before.instruction === after.instruction) {
    // The same words mean something else because of what they name.
    return variablesChanged ? settings.filter(({ setting }) => !WORDS.test(setting)) : settings;
  }
  // Commands are told apart by what they run and how; other instructions read better as a whole.
  if (after.settings['command'] !== undefined || after.settings['text'] !== undefined) return settings;
  const rest = settings.filter(({ setting }) => !WORDS.test(setting));
  if (rest.length === settings.length) return rest;
  return [{ kind: 'instruction-changed', before: before.instruction, after: after.instruction }, ...rest];
}
