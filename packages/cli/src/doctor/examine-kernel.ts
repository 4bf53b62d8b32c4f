// SPDX-License-Identifier: MIT
import { release } from 'node:os';
import type { Finding } from './finding.ts';

/** The first kernel that mounts overlays in a user namespace. */
const OVERLAY_FOR_USERS = [5, 11] as const;

/** The version of the kernel. */
export async function examineKernel(): Promise<readonly Finding[]> {
  return [kernelFinding(release(), process.getuid?.() === 0)];
}

/** Judges a kernel by its version. */
export function kernelFinding(version: string, isRoot: boolean): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor, wantedMinor] = OVERLAY_FOR_USERS;
  const isOld = major < wantedMajor || (major === wantedMajor && minor < wantedMinor);
  if (isRoot || !isOld) return { severity: 'ok', subject: 'kernel', message: `Linux ${version}` };
  return {
    severity: 'warning',
    subject: 'kernel',
    message: `Linux ${version} mounts overlays for root only, so that every layer is copied`,
    hint: 'use Linux 5.11 or later',
  };
}
