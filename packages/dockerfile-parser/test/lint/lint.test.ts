// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BUILTIN_RULES, type LintOptions, type LintRule, lint, parse } from '../../src/index.ts';
import { mutatedFile, randomFile } from '../arbitrary-file.ts';

function rulesOf(text: string, options: LintOptions = {}): string[] {
  return lint(parse(text), options).findings.map(({ rule }) => rule);
}

const FAULTY = 'FROM a as B\nMAINTAINER me\n';

describe('the rules', () => {
  test('are the 22 of BuildKit, each with a page of its name', () => {
    const names = BUILTIN_RULES.map(({ meta }) => meta.name);

    expect(new Set(names).size).toBe(22);
    for (const { name, url } of BUILTIN_RULES.map(({ meta }) => meta)) {
      const slug = name
        .replace(/^JSON/, 'Json')
        .replace(/(?!^)[A-Z]/g, '-$&')
        .toLowerCase();
      if (name === 'InvalidBaseImagePlatform') expect(url).toBeNull();
      else expect(url).toBe(`https://docs.docker.com/go/dockerfile/rule/${slug}/`);
    }
  });

  test('are all on but the experimental one', () => {
    expect(BUILTIN_RULES.filter(({ meta }) => meta.experimental).map(({ meta }) => meta.name)).toEqual([
      'InvalidDefinitionDescription',
    ]);
  });
});

describe('findings', () => {
  test('say which instruction they are in, by place and then by rule', () => {
    expect(lint(parse(`${FAULTY}CMD x\n`)).findings).toMatchObject([
      { rule: 'FromAsCasing', range: { start: { line: 1, column: 8 } }, context: { start: { column: 1 } } },
      {
        rule: 'StageNameCasing',
        range: { start: { line: 1, column: 11 } },
        context: { end: { column: 12 } },
      },
      { rule: 'MaintainerDeprecated', context: { start: { line: 2 } } },
      {
        rule: 'JSONArgsRecommended',
        range: { start: { line: 3, column: 5 } },
        context: { start: { column: 1 } },
      },
    ]);
  });

  test('of a stage nobody needs are left out when a target is named', () => {
    const text = 'FROM scratch AS a\nENV b c\nFROM scratch AS d\nENV e f\nFROM a AS B\n';

    expect(rulesOf(text)).toEqual(['LegacyKeyValueFormat', 'LegacyKeyValueFormat', 'StageNameCasing']);
    expect(rulesOf(text, { target: 'd' })).toEqual(['LegacyKeyValueFormat', 'StageNameCasing']);
    expect(
      lint(parse(text), { stages: 'reachable' }).findings.map(({ context }) => context.start.line),
    ).toEqual([2, 5]);
    expect(rulesOf(text, { target: 'd', stages: 'all' })).toHaveLength(3);
  });

  test('of one place with one message are one', () => {
    expect(rulesOf('FROM scratch\nENV a=$b$b')).toEqual(['UndefinedVar']);
  });

  test('end somewhere', () => {
    const { findings } = lint(parse(`FROM a\n${'MAINTAINER x\n'.repeat(12_000)}`));

    expect(findings).toHaveLength(10_000);
  });
});

describe('switching rules off and on', () => {
  test.each<[string, string[]]>([
    ['# check=skip=FromAsCasing\n', ['StageNameCasing', 'MaintainerDeprecated']],
    ['# check=skip=FromAsCasing, StageNameCasing\n', ['MaintainerDeprecated']],
    ['# check=skip=all\n', []],
    ['# check=skip=fromascasing\n', ['FromAsCasing', 'StageNameCasing', 'MaintainerDeprecated']],
    ['# check=error=true;skip=StageNameCasing\n', ['FromAsCasing', 'MaintainerDeprecated']],
    ['# no directive\n# check=skip=FromAsCasing\n', ['StageNameCasing', 'MaintainerDeprecated']],
  ])('by the directive %j', (directive, rules) => {
    expect(rulesOf(directive + FAULTY)).toEqual(rules);
  });

  test('for one instruction by a comment above it', () => {
    const text = `FROM a\n# check=skip=MaintainerDeprecated\n# me\nMAINTAINER a\nMAINTAINER b\n# check=skip=all\nCMD x\n`;

    expect(lint(parse(text)).findings.map(({ rule, context }) => [rule, context.start.line])).toEqual([
      ['MaintainerDeprecated', 5],
    ]);
  });

  test('for the instruction that makes an earlier one useless', () => {
    const text = 'FROM a\nCMD ["a"]\n# check=skip=MultipleInstructionsDisallowed\nCMD ["b"]\n';

    expect(rulesOf(text)).toEqual([]);
  });

  test('experimental ones by directive, by comment and by option', () => {
    const text = '# what\nARG A\n';

    expect(rulesOf(`${text}FROM b`)).toEqual([]);
    expect(rulesOf(`# check=experimental=all\n${text}FROM b`)).toEqual(['InvalidDefinitionDescription']);
    expect(rulesOf(`# check=experimental=InvalidDefinitionDescription\n${text}FROM b`)).toHaveLength(1);
    expect(rulesOf(`#\n# check=experimental=all\n${text}\n# not\nARG B\nFROM b`)).toEqual([
      'InvalidDefinitionDescription',
    ]);
    expect(rulesOf(`${text}FROM b`, { experimental: 'all' })).toHaveLength(1);
    expect(rulesOf(`# check=experimental=all;skip=InvalidDefinitionDescription\n${text}FROM b`)).toEqual([]);
    expect(rulesOf(`# check=skip=all;experimental=all\n${text}from b as C`)).toEqual([
      'InvalidDefinitionDescription',
    ]);
    expect(rulesOf(`# check=experimental=all\n${text}FROM b`, { skip: 'all' })).toEqual([]);
  });

  test('by option, besides what the file says', () => {
    expect(rulesOf(`# check=skip=FromAsCasing\n${FAULTY}`, { skip: ['StageNameCasing'] })).toEqual([
      'MaintainerDeprecated',
    ]);
    expect(rulesOf(FAULTY, { skip: 'all' })).toEqual([]);
    expect(rulesOf(FAULTY, { rules: BUILTIN_RULES.slice(0, 1) })).toEqual(['StageNameCasing']);
  });

  test('by what replaces the directive', () => {
    const text = `# check=skip=all\n${FAULTY}`;
    const args = { BUILDKIT_DOCKERFILE_CHECK: 'skip=StageNameCasing' };

    expect(rulesOf(text, { args })).toEqual(['FromAsCasing', 'MaintainerDeprecated']);
    expect(rulesOf(text, { args, check: '' })).toHaveLength(3);
  });
});

describe('findings as errors', () => {
  test('name the rules once each', () => {
    const { violation } = lint(parse(`# check=error=true\n${FAULTY}MAINTAINER you\n`));

    expect(violation).toBe(
      'lint violation found for rules: FromAsCasing, MaintainerDeprecated, StageNameCasing',
    );
  });

  test('are none without findings, and follow the option', () => {
    expect(lint(parse('# check=error=true\nFROM a\n')).violation).toBeNull();
    expect(lint(parse(FAULTY)).violation).toBeNull();
    expect(lint(parse(FAULTY), { error: true }).violation).not.toBeNull();
    expect(lint(parse(`# check=error=1\n${FAULTY}`)).violation).not.toBeNull();
    expect(lint(parse(`# check=error=true\n${FAULTY}`), { error: false }).violation).toBeNull();
  });
});

describe('the build error', () => {
  test.each<[string, string, string, number | null]>([
    ['', 'FILE_EMPTY', 'the Dockerfile cannot be empty', 1],
    [
      'FROM a\nRUM b',
      'INSTRUCTION_UNKNOWN',
      'dockerfile parse error on line 2: unknown instruction: RUM (did you mean RUN?)',
      2,
    ],
    ['FROM a\nCOPY --from=7 x y\nFROM $b', 'BASE_BLANK', 'base name ($b) should not be blank', 3],
    [
      'FROM a AS b\nCOPY --from=b x y\nUSER ${c',
      'STAGE_CIRCULAR',
      'circular dependency detected on stage: b',
      2,
    ],
    ['FROM a\nUSER ${c', 'EXPANSION_INVALID', `failed to process "\${c": syntax error: missing '}'`, 2],
    [
      '# check=skip\nFROM a',
      'CHECK_INVALID',
      'failed to parse check options: invalid check option "skip"',
      1,
    ],
  ])('of %j', (text, code, message, line) => {
    const { buildError } = lint(parse(text));

    expect(buildError).toMatchObject({ code, message });
    expect(buildError?.contexts[0]?.start.line ?? null).toBe(line);
  });

  test.each([
    ['skip=A;foo', 'invalid check option "foo"'],
    ['bar = 1;skip=A', 'invalid check option "bar"'],
    ['error=yes', 'failed to parse check option "error=yes": invalid boolean'],
    ['skip=A;', 'invalid check option ""'],
  ])('of the settings %j', (check, problem) => {
    expect(lint(parse('FROM a'), { check }).buildError).toEqual({
      code: 'CHECK_INVALID',
      message: `failed to parse check options: ${problem}`,
      contexts: [],
    });
  });

  test('is that of a stage the target needs', () => {
    const text = 'FROM a AS b\nUSER ${c\nFROM d AS e\n';

    expect(lint(parse(text), { target: 'e' }).buildError).toBeNull();
    expect(lint(parse(text), { target: 'b' }).buildError).toMatchObject({ code: 'EXPANSION_INVALID' });
    expect(lint(parse(text), { target: 'f' }).buildError).toMatchObject({
      code: 'TARGET_UNKNOWN',
      message: 'target stage "f" could not be found (did you mean b?)',
      contexts: [],
    });
  });

  test('is none for a file that can be built', () => {
    expect(lint(parse(FAULTY)).buildError).toBeNull();
  });
});

test('a rule of somebody else runs like the others', () => {
  const noLatest: LintRule = {
    meta: { name: 'NoLatest', description: 'Base images should have a tag', url: null, experimental: false },
    check({ stages, report }) {
      for (const { base, from } of stages) {
        if (base.type === 'image' && !base.name.includes(':'))
          report({
            message: `${base.name} may change at any time`,
            range: from.words[0]?.range ?? from.range,
          });
      }
    },
  };
  const text = 'FROM a:1\nFROM b\n# check=skip=NoLatest\nFROM c\n';

  expect(lint(parse(text), { rules: [...BUILTIN_RULES, noLatest] }).findings).toEqual([
    {
      rule: 'NoLatest',
      message: 'b may change at any time',
      description: 'Base images should have a tag',
      url: null,
      range: { start: { offset: 14, line: 2, column: 6 }, end: { offset: 15, line: 2, column: 7 } },
      context: { start: { offset: 9, line: 2, column: 1 }, end: { offset: 15, line: 2, column: 7 } },
    },
  ]);
});

test('whatever the file, there is an answer of plain data with places inside the file', () => {
  fc.assert(
    fc.property(fc.oneof(randomFile, mutatedFile), (text) => {
      const result = lint(parse(text), { experimental: 'all', ignorePatterns: ['x', 'a*'] });
      expect(JSON.parse(JSON.stringify(result))).toEqual(result);
      for (const { range, context } of result.findings) {
        expect(0 <= range.start.offset && range.start.offset <= range.end.offset).toBe(true);
        expect(Math.max(range.end.offset, context.end.offset) <= text.length).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});
