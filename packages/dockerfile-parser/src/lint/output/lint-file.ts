// SPDX-License-Identifier: MIT

/** The file that was checked. */
export interface LintFile {
  /** Name to show: usually the path as the user gave it. */
  readonly name: string;
  /** The text that was parsed. */
  readonly text: string;
}
