// SPDX-License-Identifier: MIT
import type { ArgDeclaration, ArgInstruction } from '@img-build/dockerfile-parser';
import { buildArg } from '../global-args.ts';
import { addHistory } from '../image.ts';
import { expandHere, type InstructionContext } from './instruction-context.ts';

/** Arguments that steer the build and never become variables. */
const NOT_VARIABLES: ReadonlySet<string> = new Set([
  'BUILDKIT_SBOM_SCAN_CONTEXT',
  'BUILDKIT_SBOM_SCAN_STAGE',
]);

/** Brings arguments into force, one after the other: a later default sees the earlier values. */
export function lowerArg(instruction: ArgInstruction, context: InstructionContext): void {
  const { stage, lowering } = context;
  const declared: string[] = [];
  for (const declaration of instruction.declarations) {
    const name = declaration.name.value;
    const given = buildArg(lowering.buildArgs, name);
    const value =
      given ??
      (declaration.value === null
        ? lowering.globals.get(name)
        : expandHere(context, declaration.value.value));
    if (value !== undefined && !NOT_VARIABLES.has(name)) stage.environment.set(name, value);
    noteArg(declaration, { value, isOwn: given !== undefined || declaration.value !== null }, context);
    stage.args.push({ name, value });
    declared.push(value === undefined ? name : `${name}=${value}`);
  }
  addHistory(stage.image, `ARG ${declared.join(' ')}`, { layer: false });
}

/** A declaration is a parameter of the stage; one that takes the global value is described by the global ARG. */
function noteArg(
  { name, description }: ArgDeclaration,
  { value = '', isOwn }: { readonly value: string | undefined; readonly isOwn: boolean },
  { stage, command, lowering }: InstructionContext,
): void {
  const { outline } = stage;
  outline.used.add(name.value);
  if (!isOwn && lowering.globals.get(name.value) !== undefined) return;
  outline.args.set(name.value, { name: name.value, value, description, range: command.range, uses: [] });
}
