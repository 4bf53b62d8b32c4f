// SPDX-License-Identifier: MIT
import { expect, test } from '@jest/globals';
import { formatTable } from '../../src/render/table.ts';
import { usageTable, usageTotals } from '../../src/render/usage-table.ts';

const digest = `sha256:${'27d862ac32022946'.repeat(4)}`;

test('columns are as wide as those of the known listing of images', () => {
  const rows = [
    ['NAME', 'SIZE', 'CREATED AT', 'UPDATED AT', 'DIGEST'],
    ['jess/img:latest', '1.534KiB', '9 seconds ago', '9 seconds ago', digest],
    ['jess/thing:latest', '591B', '30 minutes ago', '30 minutes ago', digest],
  ];
  expect(formatTable(rows)).toBe(
    `NAME                    SIZE            CREATED AT      UPDATED AT      DIGEST
jess/img:latest         1.534KiB        9 seconds ago   9 seconds ago   ${digest}
jess/thing:latest       591B            30 minutes ago  30 minutes ago  ${digest}
`,
  );
});

test('a table without rows is empty', () => {
  expect(formatTable([])).toBe('');
});

const record = { id: digest, type: 'regular', createdAt: 0, lastUsedAt: 0, usageCount: 1 } as const;
const pulled = {
  record: { ...record, description: 'pulled from docker.io/tonistiigi/copy:v0.1.1@sha256:854cee92ccab' },
  size: 2_346_713,
  freed: 2_346_713,
  reclaimable: true,
  inUse: false,
  mutable: false,
  shared: false,
};
const mutable = {
  ...pulled,
  record: {
    ...record,
    id: 'bkrjrzv3nvp7lvzd5cw9vzut7',
    description: 'local source\nfor \u001b[31mdockerfile',
  },
  mutable: true,
  reclaimable: false,
  size: 4996,
};

test('du shows whole descriptions, a star at what changes, and nothing that steers a terminal', () => {
  expect(usageTable([pulled, mutable])).toBe(
    `ID                                                                      RECLAIMABLE     SIZE            DESCRIPTION
${digest} true            2.238MiB        pulled from docker.io/tonistiigi/copy:v0.1.1@sha256:854cee92ccab
bkrjrzv3nvp7lvzd5cw9vzut7*                                              false           4.879KiB        local source for dockerfile
`,
  );
});

test('prune cuts descriptions after fifty characters', () => {
  expect(usageTable([pulled], { brief: true })).toContain(
    '        pulled from docker.io/tonistiigi/copy:v0.1.1@sha25...\n',
  );
});

test('totals count what is reclaimable apart', () => {
  expect(usageTotals('Reclaimable', [pulled, mutable])).toBe(
    'Reclaimable:    2.238MiB\nTotal:          2.243MiB\n',
  );
  expect(usageTotals('Reclaimed', [])).toBe('Reclaimed:      0B\nTotal:          0B\n');
});
