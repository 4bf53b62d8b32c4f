// SPDX-License-Identifier: MIT

/** An address for names of steps and messages: without the credentials it may have. */
export function shownAddress(address: string): string {
  return address.replace(/^([a-z+]+:\/\/)[^/?#]*@/i, '$1');
}
