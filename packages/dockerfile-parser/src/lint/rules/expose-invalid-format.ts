// SPDX-License-Identifier: MIT

import { docsPage } from '../docs-page.ts';
import { exposedPorts } from '../exposed-ports.ts';
import type { LintRule } from '../lint-rule.ts';

/** An address or a port of the host in EXPOSE, which only says what the container listens on. */
export const exposeInvalidFormat: LintRule = {
  meta: {
    name: 'ExposeInvalidFormat',
    description:
      'IP address and host-port mapping should not be used in EXPOSE instruction. This will become an error in a future release',
    url: docsPage('expose-invalid-format'),
    experimental: false,
  },
  check({ stages, report }) {
    for (const { written, host, range } of exposedPorts(stages)) {
      if (host === '') continue;
      const message = `EXPOSE instruction should not define an IP address or host-port mapping, found '${written}'`;
      report({ message, range });
    }
  },
};
