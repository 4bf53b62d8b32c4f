// SPDX-License-Identifier: MIT
import type { Directive, EscapeCharacter } from './ast.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { Instruction } from './instruction.ts';
import type { SyntaxTree } from './syntax-tree.ts';

/** A parsed file. Plain data without cycles: `JSON.parse(JSON.stringify(dockerfile))` equals it. */
export interface Dockerfile {
  readonly tree: SyntaxTree;
  readonly escape: EscapeCharacter;
  readonly directives: readonly Directive[];
  readonly instructions: readonly Instruction[];
  readonly diagnostics: readonly Diagnostic[];
}
