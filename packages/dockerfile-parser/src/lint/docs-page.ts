// SPDX-License-Identifier: MIT

/** The page about a rule that BuildKit's users know. */
export function docsPage(slug: string): string {
  return `https://docs.docker.com/go/dockerfile/rule/${slug}/`;
}
