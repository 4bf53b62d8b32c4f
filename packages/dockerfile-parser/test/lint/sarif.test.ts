// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatLintSarif, lint, lintSarif, parse, type SarifLog } from '../../src/index.ts';
import { mutatedFile } from '../arbitrary-file.ts';

/** What the schema of SARIF 2.1.0 demands of the parts used here. @see SARIF 2.1.0, sections 3.13 to 3.30 and 3.49 */
function expectValid(log: SarifLog): void {
  expect(Object.keys(log).sort()).toEqual(['$schema', 'runs', 'version']);
  expect(log.version).toBe('2.1.0');
  expect(new URL(log.$schema).protocol).toBe('https:');
  for (const { tool, artifacts, columnKind, results } of log.runs) {
    expect(columnKind).toBe('utf16CodeUnits');
    expect(tool.driver.name).not.toBe('');
    const ids = tool.driver.rules.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { helpUri, shortDescription, defaultConfiguration } of tool.driver.rules) {
      if (helpUri !== undefined) expect(URL.canParse(helpUri)).toBe(true);
      expect(shortDescription.text).not.toBe('');
      expect(['none', 'note', 'warning', 'error']).toContain(defaultConfiguration.level);
    }
    for (const result of results) expectValidResult(result, ids, artifacts[0].location.uri);
  }
}

function expectValidResult(
  { ruleId, ruleIndex, level, message, locations }: SarifLog['runs'][0]['results'][number],
  ids: readonly string[],
  uri: string,
): void {
  expect(ids[ruleIndex]).toBe(ruleId);
  expect(['none', 'note', 'warning', 'error']).toContain(level);
  expect(message.text).not.toBe('');
  expect(locations).toHaveLength(1);
  for (const { physicalLocation } of locations) {
    expect(physicalLocation.artifactLocation).toEqual({ uri, index: 0 });
    expect(new URL(uri, 'file:///folder/').protocol).toBe('file:');
    const { region } = physicalLocation;
    if (region === undefined) continue;
    for (const number of Object.values(region)) expect(Number.isInteger(number) && number >= 1).toBe(true);
    expect(region.endLine).toBeGreaterThanOrEqual(region.startLine);
    if (region.endLine === region.startLine)
      expect(region.endColumn).toBeGreaterThanOrEqual(region.startColumn);
  }
}

function check(text: string, name = 'Dockerfile', error = false): SarifLog {
  const log = lintSarif(lint(parse(text), { error }), { name, text });
  expectValid(log);
  return log;
}

describe('a SARIF document', () => {
  test('has one rule for many results, with the words that are wrong as the region', () => {
    const [{ tool, results }] = check('FROM a as B\nMAINTAINER x\nMAINTAINER y\n').runs;

    expect(tool.driver.rules.map(({ id }) => id)).toEqual([
      'FromAsCasing',
      'StageNameCasing',
      'MaintainerDeprecated',
    ]);
    expect(tool.driver.rules[0]).toEqual({
      id: 'FromAsCasing',
      shortDescription: { text: "The 'as' keyword should match the case of the 'from' keyword" },
      helpUri: 'https://docs.docker.com/go/dockerfile/rule/from-as-casing/',
      defaultConfiguration: { level: 'warning' },
    });
    expect(results.map(({ ruleIndex }) => ruleIndex)).toEqual([0, 1, 2, 2]);
    expect(results[0]).toEqual({
      ruleId: 'FromAsCasing',
      ruleIndex: 0,
      level: 'warning',
      message: { text: "'as' and 'FROM' keywords' casing do not match" },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'Dockerfile', index: 0 },
            region: { startLine: 1, startColumn: 8, endLine: 1, endColumn: 10 },
          },
        },
      ],
    });
  });

  test('says that findings break the build, and why the file cannot be built', () => {
    const [{ results }] = check('FROM a as b\nUSER ${', 'Dockerfile', true).runs;

    expect(results.map(({ ruleId, level }) => [ruleId, level])).toEqual([
      ['FromAsCasing', 'error'],
      ['EXPANSION_INVALID', 'error'],
    ]);
  });

  test('of a clean file has no results', () => {
    expect(check('FROM a').runs[0].results).toEqual([]);
  });

  test.each([
    ['a b/ü.Dockerfile', 'a%20b/%C3%BC.Dockerfile'],
    ['a\\b', 'a/b'],
    ['x:y#z?.txt', 'x%3Ay%23z%3F.txt'],
    ['50%', '50%25'],
    ['/etc/Dockerfile', '/etc/Dockerfile'],
    ['\ud800', '%EF%BF%BD'],
  ])('names the file %j as %j', (name, uri) => {
    expect(check('FROM a as b', name).runs[0].artifacts[0].location.uri).toBe(uri);
  });

  test('names the program that was used', () => {
    const tool = { name: 'img', version: '1.2.3', informationUri: 'https://example.org/' };
    const log = JSON.parse(formatLintSarif(lint(parse('FROM a')), { name: 'f', text: 'FROM a' }, tool));

    expect(log.runs[0].tool.driver).toEqual({ ...tool, rules: [] });
  });

  test('is valid for any file', () => {
    fc.assert(
      fc.property(mutatedFile, (text) => {
        check(text);
      }),
      { numRuns: 100 },
    );
  });
});
