// SPDX-License-Identifier: MIT

/** The step that reads a Dockerfile; warnings about the file belong to it. */
export function definitionStep(name: string): string {
  return `[internal] load build definition from ${name}`;
}
