// SPDX-License-Identifier: MIT

/** Text in a SARIF document. */
export interface SarifMessage {
  readonly text: string;
}

/** Lines and columns from 1; columns count UTF-16 code units, `endColumn` is the one after the last. */
export interface SarifRegion {
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** What is known about a rule. */
export interface SarifRule {
  readonly id: string;
  readonly shortDescription: SarifMessage;
  readonly helpUri?: string;
  readonly defaultConfiguration: { readonly level: SarifLevel };
}

/** How bad a result is. */
export type SarifLevel = 'warning' | 'error';

/** One finding. */
export interface SarifResult {
  readonly ruleId: string;
  /** Index into the rules of the tool. */
  readonly ruleIndex: number;
  readonly level: SarifLevel;
  readonly message: SarifMessage;
  readonly locations: readonly {
    readonly physicalLocation: {
      readonly artifactLocation: { readonly uri: string; readonly index: 0 };
      readonly region?: SarifRegion;
    };
  }[];
}

/** One program's findings in one file. */
export interface SarifRun {
  readonly tool: {
    readonly driver: {
      readonly name: string;
      readonly version?: string;
      readonly informationUri?: string;
      readonly rules: readonly SarifRule[];
    };
  };
  readonly artifacts: readonly [{ readonly location: { readonly uri: string } }];
  readonly columnKind: 'utf16CodeUnits';
  readonly results: readonly SarifResult[];
}

/** A SARIF document. @see SARIF 2.1.0, OASIS Standard */
export interface SarifLog {
  readonly $schema: string;
  readonly version: '2.1.0';
  readonly runs: readonly [SarifRun];
}
