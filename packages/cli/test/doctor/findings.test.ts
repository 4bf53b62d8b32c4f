// SPDX-License-Identifier: MIT
import { expect, test } from '@jest/globals';
import { kernelFinding } from '../../src/doctor/examine-kernel.ts';
import { type DiskFacts, stateFindings } from '../../src/doctor/examine-state.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { machineReportText } from '../../src/render/machine-report.ts';
import { storeReportText } from '../../src/render/store-report.ts';
import { corruption, leftover } from '../../src/store-check/problem.ts';

const GB = 1024 ** 3;
const DISK: DiskFacts = {
  state: '/s',
  free: 9 * GB,
  size: 10 * GB,
  type: 0xef53,
  files: 1e6,
  freeFiles: 1e5,
};

function severities(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ severity }) => severity);
}

test.each([
  ['6.1.0-13-amd64', false, 'ok'],
  ['5.11.0', false, 'ok'],
  ['5.10.0-26', false, 'warning'],
  ['4.18.0', false, 'warning'],
  ['4.18.0', true, 'ok'],
])('kernel %s, as root: %s, is %s', (version, isRoot, severity) => {
  expect(kernelFinding(version, isRoot).severity).toBe(severity);
});

test('a disk needs space, files, and a machine of its own', () => {
  expect(severities(stateFindings(DISK))).toEqual(['ok']);
  expect(severities(stateFindings({ ...DISK, files: 0, freeFiles: 0 }))).toEqual(['ok']);
  expect(severities(stateFindings({ ...DISK, free: GB / 2 }))).toEqual(['warning']);
  expect(severities(stateFindings({ ...DISK, freeFiles: 10 }))).toEqual(['ok', 'warning']);
  expect(stateFindings({ ...DISK, type: 0x6969 })[1]).toMatchObject({
    severity: 'error',
    message: '/s is on NFS, where neither locks nor the database are reliable',
  });
});

test('a report has a line for each finding, with the way out, and a verdict', () => {
  const ok = { severity: 'ok', subject: 'kernel', message: 'Linux 6.1' } as const;
  const bad = { severity: 'error', subject: 'newuidmap', message: 'not there', hint: 'install it' } as const;
  const odd = { severity: 'warning', subject: 'snapshots', message: 'native\u001b[2J' } as const;

  expect(machineReportText({ findings: [ok] })).toBe(
    'ok      kernel: Linux 6.1\nThis machine has all that builds need.\n',
  );
  expect(machineReportText({ findings: [ok, bad, odd] })).toMatch(
    /^ok {6}kernel: Linux 6\.1\nerror {3}newuidmap: not there => install it\nwarning snapshots: native[^\u001b]*\nThis machine lacks what builds need: 1 error, 1 warning\.\n$/,
  );
  expect(machineReportText({ findings: [odd] })).toMatch(/has what builds need, with 1 warning\.\n$/);
});

test('a store report lists corruption before leftovers', () => {
  const checked = { blobs: 2, bytes: 2048, images: 1, records: 0, snapshots: 3 };
  const left = leftover('lock-free', 'locks/a', 'locks nothing');
  const line = 'Checked 2 blobs (2KiB), 1 image, 0 cache records and 3 snapshots:';

  expect(storeReportText({ checked, problems: [] })).toBe(`${line} no problem found\n`);
  expect(storeReportText({ checked, problems: [left] })).toBe(
    `leftover: locks/a: locks nothing\n${line} no corruption, 1 leftover of killed processes, which later commands take away\n`,
  );
  expect(storeReportText({ checked, problems: [left, corruption('x', 'sha256:1', 'is gone')] })).toBe(
    `corruption: sha256:1: is gone\nleftover: locks/a: locks nothing\n${line} 1 corruption, 1 leftover\n`,
  );
});
