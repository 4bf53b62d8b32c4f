// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { describeDiagnostic, firstError, parse } from '../src/index.ts';

describe('diagnostics', () => {
  test('mark the words and the instruction', () => {
    const [diagnostic] = parse('FROM a\nCOPY --chown=x \\\n  --form=y a b\n').diagnostics;

    expect(diagnostic).toMatchObject({
      code: 'FLAG_UNKNOWN',
      suggestion: 'from',
      range: { start: { line: 3, column: 3 }, end: { line: 3, column: 11 } },
      context: { start: { line: 2, column: 1 }, end: { line: 3, column: 15 } },
    });
  });

  test('describeDiagnostic and firstError answer as BuildKit', () => {
    const { diagnostics } = parse('FROM a\n\nFORM b\nENV c\n');

    expect(firstError(diagnostics)?.message).toBe('ENV must have two arguments');
    expect(diagnostics.map(describeDiagnostic)).toEqual([
      'dockerfile parse error on line 3: unknown instruction: FORM (did you mean FROM?)',
      'ENV must have two arguments',
    ]);
  });

  test('are bounded in number, the first syntax error always among them', () => {
    const { diagnostics } = parse(`FROM a\n${'x\n'.repeat(2000)}ENV b\n`);

    expect(diagnostics).toHaveLength(1000);
    expect(firstError(diagnostics)?.message).toBe('ENV must have two arguments');
  });

  test('of a file without fault are none', () => {
    expect(firstError(parse('FROM a\n').diagnostics)).toBeNull();
  });
});
