// SPDX-License-Identifier: MIT

/** The program's version. */
export const VERSION = '0.1.0';
