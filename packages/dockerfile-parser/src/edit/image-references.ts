// SPDX-License-Identifier: MIT
import type { ArgDeclaration } from '../ast.ts';
import type { Dockerfile } from '../dockerfile.ts';
import { DockerfileError } from '../dockerfile-error.ts';
import { expandWord } from '../expand.ts';
import type { Instruction } from '../instruction.ts';
import type { SourceRange } from '../source-range.ts';
import { listStages } from '../stages.ts';

/** A place where a file names an image: what a tool that keeps images up to date has to look at. */
export interface ImageReference {
  /** FROM, `COPY --from`, `RUN --mount=…,from=`, or the `syntax` directive. */
  readonly role: 'base' | 'copy-from' | 'mount-from' | 'syntax';
  /** The reference as written, variables included. */
  readonly value: string;
  /** Where it stands; an editor takes the whole reference as a word. */
  readonly range: SourceRange;
  /** The instruction that names it; `null` for the directive. */
  readonly instruction: Instruction | null;
  /** The declarations in force of the variables in a base: to be edited instead when they hold the version. */
  readonly variables: readonly ArgDeclaration[];
}

/**
 * Lists the images a file names, in its order.
 *
 * Names of earlier stages, numbers of stages and `scratch` are no images. A name
 * may still mean a named context of the build, which a file cannot tell.
 */
export function listImages(
  dockerfile: Pick<Dockerfile, 'directives' | 'instructions'>,
): readonly ImageReference[] {
  const { globalArgs } = listStages(dockerfile);
  const declarations = new Map(
    globalArgs.flatMap((arg) => arg.declarations).map((declaration) => [declaration.name.value, declaration]),
  );
  const stages = new Set<string>(['scratch']);
  const found: ImageReference[] = [];
  const add = (
    role: ImageReference['role'],
    instruction: Instruction | null,
    { value, range }: Pick<ImageReference, 'value' | 'range'>,
    variables: readonly ArgDeclaration[] = [],
  ): void => {
    if (value !== '' && !stages.has(value.toLowerCase()))
      found.push({ role, value, range, instruction, variables });
  };
  for (const { name, value, valueRange } of dockerfile.directives) {
    const [reference = ''] = value.split(' ', 1);
    if (name === 'syntax')
      add('syntax', null, { value: reference, range: firstCharacters(valueRange, reference) });
  }
  for (const outer of dockerfile.instructions) {
    const instruction = outer.kind === 'onbuild' ? outer.trigger : outer;
    if (instruction.kind === 'from') {
      const used = variablesOf(instruction.base.value).flatMap((name) => {
        const declaration = declarations.get(name);
        return declaration === undefined ? [] : [declaration];
      });
      add('base', instruction, instruction.base, used);
      if (instruction.name !== null) stages.add(instruction.name);
    } else if (
      instruction.kind === 'copy' &&
      instruction.from !== null &&
      !/^\d+$/.test(instruction.from.value)
    )
      add('copy-from', instruction, instruction.from);
    else if (instruction.kind === 'run') {
      for (const { key, value, valueRange } of instruction.mounts.flatMap(({ options }) => options))
        if (key === 'from' && value !== null && valueRange !== null)
          add('mount-from', instruction, { value, range: valueRange });
    }
  }
  return found;
}

function firstCharacters({ start }: SourceRange, { length }: string): SourceRange {
  return {
    start,
    end: { offset: start.offset + length, line: start.line, column: start.column + length },
  };
}

function variablesOf(word: string): readonly string[] {
  try {
    const { matched, unmatched } = expandWord(word, {});
    return [...matched, ...unmatched];
  } catch (error) {
    if (error instanceof DockerfileError) return [];
    throw error;
  }
}
