// SPDX-License-Identifier: MIT

import { docsPage } from '../docs-page.ts';
import { exposedPorts } from '../exposed-ports.ts';
import type { LintRule } from '../lint-rule.ts';

/** A protocol in upper case. */
export const exposeProtoCasing: LintRule = {
  meta: {
    name: 'ExposeProtoCasing',
    description: 'Protocol in EXPOSE instruction should be lowercase',
    url: docsPage('expose-proto-casing'),
    experimental: false,
  },
  check({ stages, report }) {
    for (const { written, protocol, range } of exposedPorts(stages)) {
      if (protocol !== protocol.toLowerCase())
        report({ message: `Defined protocol '${written}' in EXPOSE instruction should be lowercase`, range });
    }
  },
};
