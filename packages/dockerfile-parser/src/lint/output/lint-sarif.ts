// SPDX-License-Identifier: MIT
import type { SourceRange } from '../../source-range.ts';
import type { LintBuildError, LintResult } from '../lint-options.ts';
import type { LintFile } from './lint-file.ts';
import type { SarifLevel, SarifLog, SarifRegion, SarifResult, SarifRule } from './sarif.ts';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** The program that the document names. */
export interface SarifTool {
  readonly name: string;
  readonly version?: string;
  readonly informationUri?: string;
}

const THIS_TOOL: SarifTool = { name: '@img-build/dockerfile-parser' };

/**
 * The result as a SARIF 2.1.0 document: findings are warnings, or errors when they break the build; why the file cannot
 * be built is one more result, under its code.
 */
export function lintSarif(
  { findings, violation, buildError }: LintResult,
  { name }: LintFile,
  tool: SarifTool = THIS_TOOL,
): SarifLog {
  const level = violation === null ? 'warning' : 'error';
  const uri = uriOf(name);
  const rules = new Map<string, SarifRule>();
  const results: SarifResult[] = [];
  const add = (rule: SarifRule, text: string, range: SourceRange | undefined, severity: SarifLevel): void => {
    if (!rules.has(rule.id)) rules.set(rule.id, rule);
    results.push({
      ruleId: rule.id,
      ruleIndex: [...rules.keys()].indexOf(rule.id),
      level: severity,
      message: { text },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri, index: 0 },
            ...(range === undefined ? {} : { region: regionOf(range) }),
          },
        },
      ],
    });
  };
  for (const { rule: id, description, url, message, range } of findings) {
    const help = url === null ? {} : { helpUri: url };
    add(
      { id, shortDescription: { text: description }, ...help, defaultConfiguration: { level: 'warning' } },
      message,
      range,
      level,
    );
  }
  if (buildError !== null) add(errorRule(buildError), buildError.message, buildError.contexts[0], 'error');
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { ...tool, rules: [...rules.values()] } },
        artifacts: [{ location: { uri } }],
        columnKind: 'utf16CodeUnits',
        results,
      },
    ],
  };
}

/** {@link lintSarif} as text with indentation. */
export function formatLintSarif(result: LintResult, file: LintFile, tool?: SarifTool): string {
  return `${JSON.stringify(lintSarif(result, file, tool), null, 2)}\n`;
}

function errorRule({ code }: LintBuildError): SarifRule {
  return {
    id: code,
    shortDescription: { text: 'The file cannot be built' },
    defaultConfiguration: { level: 'error' },
  };
}

function regionOf({ start, end }: SourceRange): SarifRegion {
  return { startLine: start.line, startColumn: start.column, endLine: end.line, endColumn: end.column };
}

/** A path as a relative URI. */
function uriOf(path: string): string {
  const slashed = path.replaceAll('\\', '/');
  // A first part with a colon would be read as a scheme.
  return encodeURI(slashed.toWellFormed())
    .replaceAll('?', '%3F')
    .replaceAll('#', '%23')
    .replace(/^[^/]*:/, (head) => head.replaceAll(':', '%3A'));
}
