// SPDX-License-Identifier: MIT
import type { AbortOptions } from '@img-build/interfaces';
import type { Services } from '../wiring/services.ts';
import type { Finding } from './finding.ts';

/** What an examination found. */
export interface MachineReport {
  readonly findings: readonly Finding[];
}

/** Looks at all that builds need of the machine. Never fails: what does not work is a finding. */
export async function examineMachine(
  _services: Services,
  _options: AbortOptions = {},
): Promise<MachineReport> {
  return { findings: [] };
}
