// SPDX-License-Identifier: MIT

export {
  createPatternMatcher,
  type DecidingRule,
  type Explanation,
  type IgnoreRule,
  PathPatternError,
  type PatternMatcher,
  parseIgnoreFile,
  parseIgnoreRules,
} from '@img-build/path-patterns';
export type {
  ArgDeclaration,
  CommandForm,
  Comment,
  CopySource,
  Directive,
  EscapeCharacter,
  ExecForm,
  Flag,
  Heredoc,
  KeyValue,
  MountOption,
  RunCommand,
  RunDevice,
  RunMount,
  ShellForm,
  Word,
} from './ast.ts';
export { type CheckSettings, parseCheckSettings } from './check-directive.ts';
export { type CsvFields, readCsvFields } from './csv-fields.ts';
export {
  type Diagnostic,
  type DiagnosticCode,
  type DiagnosticPhase,
  describeDiagnostic,
  firstError,
} from './diagnostic.ts';
export type { Dockerfile } from './dockerfile.ts';
export { DockerfileError, type DockerfileErrorCode } from './dockerfile-error.ts';
export { createEditor, type DockerfileEditor } from './edit/editor.ts';
export type { FlagSetting } from './edit/flag-edits.ts';
export { type ImageReference, listImages } from './edit/image-references.ts';
export { applyEdits, type TextEdit } from './edit/text-edit.ts';
export type { ValueInText } from './edit/word-edits.ts';
export { formatExcerpt } from './excerpt.ts';
export {
  type Environment,
  type ExpandOptions,
  type Expansion,
  expandWord,
  processWord,
  processWords,
} from './expand.ts';
export { parseMemorySize } from './flag-values.ts';
export { format } from './format/format.ts';
export type { FormatOptions } from './format/format-options.ts';
export { chompHeredoc, summarizeHeredoc } from './heredoc.ts';
export {
  type IgnoreDiagnostic,
  type IgnoreExplanation,
  type IgnoreFile,
  parseIgnore,
} from './ignore/parse-ignore.ts';
export type {
  AddInstruction,
  ArgInstruction,
  CmdInstruction,
  CopyInstruction,
  EntrypointInstruction,
  EnvInstruction,
  ExposeInstruction,
  FromInstruction,
  HealthcheckInstruction,
  Instruction,
  InstructionBase,
  InvalidInstruction,
  LabelInstruction,
  MaintainerInstruction,
  OnbuildInstruction,
  RunInstruction,
  ShellInstruction,
  StopsignalInstruction,
  UnknownInstruction,
  UserInstruction,
  VolumeInstruction,
  WorkdirInstruction,
} from './instruction.ts';
export { BUILTIN_RULES } from './lint/builtin-rules.ts';
export { lint } from './lint/lint.ts';
export type { LintFinding } from './lint/lint-finding.ts';
export type { LintBuildError, LintOptions, LintResult } from './lint/lint-options.ts';
export type { LintContext, LintReport, LintRule, LintRuleMeta } from './lint/lint-rule.ts';
export type { LintFile } from './lint/output/lint-file.ts';
export { formatLintGithub } from './lint/output/lint-github.ts';
export { formatLintJson, type LintJson, type LintJsonLocation, lintJson } from './lint/output/lint-json.ts';
export { formatLintSarif, lintSarif, type SarifTool } from './lint/output/lint-sarif.ts';
export { describeFinding, formatLintText } from './lint/output/lint-text.ts';
export type {
  SarifLevel,
  SarifLog,
  SarifMessage,
  SarifRegion,
  SarifResult,
  SarifRule,
  SarifRun,
} from './lint/output/sarif.ts';
export { meaningOf } from './meaning.ts';
export { type CacheSharing, type Mount, type MountType, resolveMount } from './mount.ts';
export { parse } from './parse.ts';
export { type Circle, findCircle } from './resolve/circle.ts';
export { resolve } from './resolve/resolve.ts';
export type { ResolveDiagnostic, ResolveDiagnosticCode } from './resolve/resolve-diagnostic.ts';
export type { BaseImage, BaseImageRequest, ResolveOptions } from './resolve/resolve-options.ts';
export type {
  FileOrigin,
  ResolvedStage,
  ResolvedStep,
  ResolvedWord,
  ScopedVariable,
  StageDependency,
  StageGraph,
  VariableOrigin,
} from './resolve/stage-graph.ts';
export { variablesAt } from './resolve/variables-at.ts';
export type { Position, SourceRange } from './source-range.ts';
export { listStages, type Stage, type StageList } from './stages.ts';
export { suggest } from './suggestion.ts';
export { detectSyntax, type SyntaxReference } from './syntax-directive.ts';
export { print, type SyntaxItem, type SyntaxTree, type Token, type TokenKind } from './syntax-tree.ts';
