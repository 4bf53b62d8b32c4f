// SPDX-License-Identifier: MIT
export type {
  AddInstruction,
  ArgDeclaration,
  ArgInstruction,
  CmdInstruction,
  CommandForm,
  Comment,
  CopyInstruction,
  CopySource,
  Directive,
  Dockerfile,
  EntrypointInstruction,
  EnvInstruction,
  EscapeCharacter,
  ExecForm,
  ExposeInstruction,
  Flag,
  FromInstruction,
  HealthcheckInstruction,
  Heredoc,
  Instruction,
  InstructionBase,
  InvalidInstruction,
  KeyValue,
  LabelInstruction,
  MaintainerInstruction,
  MountOption,
  OnbuildInstruction,
  RunCommand,
  RunDevice,
  RunInstruction,
  RunMount,
  ShellForm,
  ShellInstruction,
  StopsignalInstruction,
  UnknownInstruction,
  UserInstruction,
  VolumeInstruction,
  WorkdirInstruction,
  Word,
} from './ast.ts';
export { type CheckSettings, parseCheckSettings } from './check-directive.ts';
export {
  type Diagnostic,
  type DiagnosticCode,
  type DiagnosticPhase,
  describeDiagnostic,
  firstError,
} from './diagnostic.ts';
export { DockerfileError, type DockerfileErrorCode } from './dockerfile-error.ts';
export { type Environment, type ExpandOptions, type Expansion, expandWord, processWord, processWords } from './expand.ts';
export { chompHeredoc, summarizeHeredoc } from './heredoc.ts';
export { type CacheSharing, type Mount, type MountType, resolveMount } from './mount.ts';
export { parse } from './parse.ts';
export type { Position, SourceRange } from './source-range.ts';
export { type Stage, type StageList, listStages } from './stages.ts';
export { suggest } from './suggestion.ts';
export { detectSyntax, type SyntaxReference } from './syntax-directive.ts';
export { print, type SyntaxItem, type SyntaxTree, type Token, type TokenKind } from './syntax-tree.ts';
