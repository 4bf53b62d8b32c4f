// SPDX-License-Identifier: MIT

const MAX_LENGTH = 1024;
const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const LABEL = '(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])';
const HOST = `(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9A-Fa-f:]+\\])(?::[0-9]+)?`;
const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const IMAGE = new RegExp(
  `^(?:${HOST}/)?${COMPONENT}(?:/${COMPONENT})*(?::\\w[\\w.-]{0,127})?(?:@${DIGEST})?$`,
);
const IDENTIFIER = /^[0-9a-f]{64}$/;

/** Whether a text can be the name of an image, as far as its characters go. @see distribution/reference grammar */
export function isImageName(text: string): boolean {
  return text.length <= MAX_LENGTH && !IDENTIFIER.test(text) && IMAGE.test(text);
}
