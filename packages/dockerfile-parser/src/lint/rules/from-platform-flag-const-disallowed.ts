// SPDX-License-Identifier: MIT
import { quote } from '../../characters.ts';
import { splitPlatform } from '../../resolve/platform-text.ts';
import { docsPage } from '../docs-page.ts';
import type { LintRule } from '../lint-rule.ts';
import { platformWordOf } from '../platform-word.ts';

const ALIASES: Readonly<Record<string, string>> = {
  i386: '386',
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  armhf: 'arm',
  armel: 'arm',
};

/** A platform that is fixed in the file, unless the stage's name says that this is what it is for. */
export const fromPlatformFlagConstDisallowed: LintRule = {
  meta: {
    name: 'FromPlatformFlagConstDisallowed',
    description: 'FROM --platform flag should not use a constant value',
    url: docsPage('from-platform-flag-const-disallowed'),
    experimental: false,
  },
  check({ graph, report }) {
    for (const stage of graph.stages) {
      const word = platformWordOf(stage);
      if (word === null || word.value === null || word.used.length > 0 || word.unset.length > 0) continue;
      if (splitPlatform(word.value) === null || isNamedAfter(stage.name ?? '', word.value)) continue;
      const message = `FROM --platform flag should not use constant value ${quote(word.value)}`;
      report({ message, range: word.range });
    }
  },
};

function isNamedAfter(stage: string, platform: string): boolean {
  const { os = '', architecture = '' } = splitPlatform(platform.toLowerCase()) ?? {};
  const names = [os === 'macos' ? 'darwin' : os, ALIASES[architecture] ?? architecture];
  return names.some((name) => name !== '' && stage.includes(name));
}
