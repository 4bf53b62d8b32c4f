// SPDX-License-Identifier: MIT
import { ToolError } from '@img-build/errors';
import { describe, expect, test } from '@jest/globals';
import { failureReport } from '../src/build/failure-report.ts';
import { createBuildLog } from '../src/render/build-log.ts';
import { formatFailure } from '../src/render/failure.ts';
import { added, completed, logged, started, vertex } from './support/events.ts';

const dockerfile = { name: 'Dockerfile', text: 'FROM a\nRUN one && \\\n  two\nCOPY x /\n' };

class VertexFailed extends ToolError {
  readonly vertex: string = vertex('run');
}

function reportOf(lines: readonly string[]): string {
  const log = createBuildLog();
  log.apply(added('run', '[2/3] RUN one && two'));
  log.apply(started('run', 0));
  for (const [index, line] of lines.entries()) log.apply(logged('run', `${line}\n`, index * 10));
  log.apply(completed('run', 500, { error: 'exit code: 7' }));
  const error = new VertexFailed('failed', { code: 'SOLVER_VERTEX_FAILED' });
  return failureReport(error, { dockerfile, log, locationOf: () => ({ startLine: 2, endLine: 3 }) });
}

describe('the report of a failed build', () => {
  test('repeats the end of the output and marks all lines of the instruction', () => {
    expect(reportOf(['first', '\u001b[31msecond'])).toBe(`------
 > [2/3] RUN one && two:
0.000 first
0.010 second
------
Dockerfile:2
--------------------
   1 |     FROM a
   2 | >>> RUN one && \\
   3 | >>>   two
   4 |     COPY x /
--------------------
`);
  });

  test('names a step that printed nothing', () => {
    expect(reportOf([])).toContain('------\n > [2/3] RUN one && two:\n------\nDockerfile:2\n');
  });

  test('shows the last forty lines of long output', () => {
    const text = reportOf(Array.from({ length: 100 }, (_, line) => `line ${line}`));
    expect(text).toContain('\n[the last 40 lines of the output of step 1]\n0.600 line 60\n');
    expect(text.match(/ line \d+$/gm)).toHaveLength(40);
  });

  test('shows every place that an error of the Dockerfile names', () => {
    const error = Object.assign(new ToolError('no', { code: 'X' }), {
      ranges: [
        { startLine: 1, endLine: 1 },
        { startLine: 4, endLine: 4 },
      ],
    });
    const text = failureReport(error, { dockerfile, log: createBuildLog(), locationOf: () => undefined });
    expect(text.match(/>>> .*/g)).toEqual(['>>> FROM a', '>>> COPY x /']);
  });

  test('is empty for an error without a place', () => {
    expect(
      failureReport(new Error('x'), { dockerfile, log: createBuildLog(), locationOf: () => undefined }),
    ).toBe('');
  });
});

describe('the last line', () => {
  const cause = new ToolError('connection refused', { code: 'B', hint: 'start it' });

  test('says what went wrong and why, once, and the way out', () => {
    const error = new ToolError('cannot pull a', {
      code: 'A',
      cause: new ToolError('cannot pull a', { code: 'C', cause }),
      hint: 'see there',
    });
    expect(formatFailure(error, { debug: false })).toBe(
      'Error: cannot pull a: connection refused\nsee there\n',
    );
  });

  test('comes with a stack only with debug', () => {
    const error = new ToolError('cannot pull a', { code: 'A', cause });
    expect(formatFailure(error, { debug: false })).not.toContain('    at ');
    expect(formatFailure(error, { debug: true })).toMatch(/ {4}at [\s\S]*caused by: /);
  });

  test.each([[undefined], [null], ['text'], [{}]])(
    'can be made of anything that is thrown (%j)',
    (thrown) => {
      expect(formatFailure(thrown, { debug: true })).toMatch(/^Error: /);
    },
  );
});
