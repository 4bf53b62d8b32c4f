// SPDX-License-Identifier: MIT
import type { NamespaceNeed } from '@img-build/host';
import type { Services } from '../wiring/services.ts';
import { workerEnvironment } from '../worker-command.ts';
import { type Finding, findingFrom } from './finding.ts';

/** What namespaces need: programs, ids, settings of the kernel. */
export async function examineNamespaces(services: Pick<Services, 'env'>): Promise<readonly Finding[]> {
  const { diagnoseNamespaces } = await import('@img-build/host');
  return diagnoseNamespaces(workerEnvironment(services.env)['PATH']).map(findingOf);
}

function findingOf({ subject, found, fault, isDoubtful = false }: NamespaceNeed): Finding {
  if (fault === undefined) return { severity: 'ok', subject, message: found };
  return findingFrom(isDoubtful ? 'warning' : 'error', subject, fault);
}
