// SPDX-License-Identifier: MIT
import { type Instruction as OurInstruction, parse } from '@img-build/dockerfile-parser';
import {
  Copy,
  DockerfileParser,
  From,
  ModifiableInstruction,
  PropertyInstruction,
  Run,
  type Instruction as TheirInstruction,
} from 'dockerfile-ast';

/** Instructions whose flags both parsers tell. */
const FLAGGED: ReadonlySet<string> = new Set(['add', 'copy', 'from', 'healthcheck', 'run']);

/** An instruction in words that both parsers have. */
export interface ReadInstruction {
  /** Upper case. */
  readonly keyword: string;
  /** The first is 1. */
  readonly firstLine: number;
  readonly lastLine: number;
  /** Flags, base and stage, names of variables and heredocs. */
  readonly details: readonly string[];
}

/** A parser to compare. */
export interface Reader {
  readonly name: string;
  /** Parses only. */
  parse(text: string): unknown;
  /** Parses and looks at every instruction with its place and arguments. */
  readAll(text: string): number;
  read(text: string): readonly ReadInstruction[];
}

/** The parser of this repository, whose result is complete at once. */
export const ours: Reader = {
  name: '@img-build/dockerfile-parser',
  parse,
  readAll: (text) => parse(text).instructions.reduce((sum, { original }) => sum + original.length, 0),
  read: (text) =>
    parse(text).instructions.map((instruction) => ({
      keyword: instruction.keyword.toUpperCase(),
      firstLine: instruction.range.start.line,
      lastLine: instruction.range.end.line,
      details: ourDetails(instruction),
    })),
};

/** The parser of npm, which works arguments out when they are asked for. */
export const theirs: Reader = {
  name: 'dockerfile-ast 0.7.1',
  parse: (text) => DockerfileParser.parse(text),
  readAll(text) {
    let sum = 0;
    for (const instruction of DockerfileParser.parse(text).getInstructions()) {
      sum += instruction.getRange().end.line;
      for (const argument of instruction.getArguments()) sum += argument.getValue().length;
    }
    return sum;
  },
  read: (text) =>
    DockerfileParser.parse(text)
      .getInstructions()
      .map((instruction) => ({
        keyword: instruction.getKeyword(),
        firstLine: instruction.getRange().start.line + 1,
        lastLine: instruction.getRange().end.line + 1,
        details: theirDetails(instruction),
      })),
};

function ourDetails(instruction: OurInstruction): string[] {
  const heredocs = instruction.heredocs.map(({ name }) => `<<${name}`);
  const flags = FLAGGED.has(instruction.keyword.toLowerCase())
    ? instruction.flags.map(({ name, value }) => `--${name}=${value ?? ''}`)
    : [];
  switch (instruction.kind) {
    case 'from':
      return [...flags, instruction.base.value, instruction.alias?.value ?? ''];
    case 'env':
    case 'label':
      return instruction.pairs.map(({ key }) => plain(key.value));
    case 'arg':
      return instruction.declarations.map(({ name }) => plain(name.value));
    default:
      return [...flags, ...heredocs];
  }
}

function theirDetails(instruction: TheirInstruction): string[] {
  const flags =
    instruction instanceof ModifiableInstruction && FLAGGED.has(instruction.getKeyword().toLowerCase())
      ? instruction.getFlags().map((flag) => `--${flag.getName()}=${flag.getValue() ?? ''}`)
      : [];
  if (instruction instanceof From)
    return [...flags, instruction.getImage() ?? '', instruction.getBuildStage() ?? ''];
  if (instruction instanceof PropertyInstruction)
    return instruction.getProperties().map((property) => plain(property.getName()));
  if (instruction instanceof Run || instruction instanceof Copy)
    return [...flags, ...instruction.getHeredocs().map((heredoc) => `<<${heredoc.getName()}`)];
  return flags;
}

/** A name without quotes and escapes. */
function plain(name: string): string {
  return name.replaceAll(/["'\\]/g, '');
}
