// SPDX-License-Identifier: MIT
import type { AbortOptions } from '@img-build/interfaces';
import type { Services } from '../wiring/services.ts';
import { examineKernel } from './examine-kernel.ts';
import { examineNamespaces } from './examine-namespaces.ts';
import { examineRegistries } from './examine-registries.ts';
import { examineRuntime } from './examine-runtime.ts';
import { examineState } from './examine-state.ts';
import { examineWorker } from './examine-worker.ts';
import { type Finding, findingFrom } from './finding.ts';

/** What an examination found. */
export interface MachineReport {
  readonly findings: readonly Finding[];
}

/** Looks at one part of the machine. */
type Examination = (services: Services, options: AbortOptions) => Promise<readonly Finding[]>;

const EXAMINATIONS: readonly (readonly [subject: string, examine: Examination])[] = [
  ['kernel', examineKernel],
  ['namespaces', examineNamespaces],
  ['container runtime', examineRuntime],
  ['state directory', examineState],
  ['worker', examineWorker],
  ['registries', examineRegistries],
];

/** Looks at all that builds need of the machine. What does not work is a finding, never an error. */
export async function examineMachine(
  services: Services,
  { signal }: AbortOptions = {},
): Promise<MachineReport> {
  const findings: Finding[] = [];
  for (const [subject, examine] of EXAMINATIONS) {
    signal?.throwIfAborted();
    try {
      findings.push(...(await examine(services, { signal })));
    } catch (error) {
      signal?.throwIfAborted();
      findings.push(findingFrom('error', subject, error));
    }
  }
  return { findings };
}
