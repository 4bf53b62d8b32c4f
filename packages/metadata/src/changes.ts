// SPDX-License-Identifier: MIT

/** Tells whether something came since one looked last. */
export interface Changes {
  /** When the newest entry was made or changed, in milliseconds since the Unix epoch; `undefined` when there is none. */
  changedAt(): number | undefined;
}
