// SPDX-License-Identifier: MIT
import type { AbortOptions } from '@img-build/interfaces';
import { parseReference } from '@img-build/oci';
import type { Services } from '../wiring/services.ts';
import type { Finding } from './finding.ts';

/** A name that brings every file with settings of registries to be read. */
const ANY_IMAGE = 'docker.io/library/busybox';

/** The files with settings of registries, and the file with credentials, as far as reading shows; nobody is contacted. */
export async function examineRegistries(
  services: Pick<Services, 'env' | 'credentials'>,
  { signal }: AbortOptions,
): Promise<readonly Finding[]> {
  const { explainHost } = await import('@img-build/registry-client');
  const { considered, notes } = await explainHost(parseReference(ANY_IMAGE), {
    credentials: await services.credentials(),
    environment: services.env,
    signal,
  });
  const read = considered.filter(({ outcome }) => outcome !== 'missing').map(({ place }) => place);
  const message =
    read.length === 0 ? 'no file says anything about registries' : `settings from ${read.join(', ')}`;
  return [
    { severity: 'ok', subject: 'registries', message },
    ...notes.map((note): Finding => ({ severity: 'ok', subject: 'registries', message: note })),
  ];
}
