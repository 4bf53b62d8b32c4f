// SPDX-License-Identifier: MIT
import { statfsSync } from 'node:fs';
import { diskSpace } from '../disk/disk-space.ts';
import { formatBinarySize } from '../render/units.ts';
import type { Services } from '../wiring/services.ts';
import type { Finding } from './finding.ts';

const SUBJECT = 'state directory';
/** Bytes below which a build of any size is likely to fail. */
const SCARCE = 1024 ** 3;
/** Files: a base image has some thousands. */
const FEW_FILES = 20_000;
/** Magic numbers of file systems over a network, statfs(2): NFS, CIFS, SMB2, 9p, FUSE (sshfs and others) excepted. */
const NETWORK: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0xff534d42: 'CIFS',
  0xfe534d42: 'SMB',
  0x01021997: '9p',
};

/** The disk of the state directory. */
export async function examineState(services: Pick<Services, 'state'>): Promise<readonly Finding[]> {
  const state = services.state();
  const { free, size } = diskSpace(state);
  const { type, files, ffree } = statfsSync(state);
  return stateFindings({ state, free, size, type, files, freeFiles: ffree });
}

/** What is known of the disk. Sizes in bytes. */
export interface DiskFacts {
  readonly state: string;
  readonly free: number;
  readonly size: number;
  /** statfs(2), f_type. */
  readonly type: number;
  /** 0 where the file system counts none. */
  readonly files: number;
  readonly freeFiles: number;
}

/** Judges the disk of the state directory. */
export function stateFindings({ state, free, size, type, files, freeFiles }: DiskFacts): readonly Finding[] {
  const space = `${formatBinarySize(free)} of ${formatBinarySize(size)} free in ${state}`;
  const findings: Finding[] = [
    free >= SCARCE
      ? { severity: 'ok', subject: SUBJECT, message: space }
      : {
          severity: 'warning',
          subject: SUBJECT,
          message: `only ${space}`,
          hint: 'free some with: img prune, or name another disk with --state',
        },
  ];
  if (files > 0 && freeFiles < FEW_FILES)
    findings.push({
      severity: 'warning',
      subject: SUBJECT,
      message: `only ${freeFiles} more files can be made in ${state}`,
      hint: 'free some with: img prune, or name another disk with --state',
    });
  const network = NETWORK[type];
  if (network !== undefined)
    findings.push({
      severity: 'error',
      subject: SUBJECT,
      message: `${state} is on ${network}, where neither locks nor the database are reliable`,
      hint: 'name a folder of a local disk with --state',
    });
  return findings;
}
