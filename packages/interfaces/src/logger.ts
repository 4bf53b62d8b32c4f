// SPDX-License-Identifier: MIT

/** Facts that go with a log line; never credentials. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where a package says what it does; the default everywhere is silence. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
}
