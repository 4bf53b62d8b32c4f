// SPDX-License-Identifier: MIT
import type { AbortOptions } from '@img-build/interfaces';
import type { Session } from '../session.ts';

/**
 * Checks that a registry answers and accepts the credentials there are.
 *
 * @throws RegistryError `REGISTRY_UNAUTHORIZED`, `REGISTRY_UNREACHABLE`, `REGISTRY_TLS` …
 * @see distribution-spec v1.1.1, "Determining Support"
 */
export async function pingRegistry(
  session: Session,
  domain: string,
  { signal }: AbortOptions = {},
): Promise<void> {
  const response = await session.expect(
    {
      method: 'GET',
      reference: { domain, path: '' },
      at: '',
      scopes: [],
      what: `the registry API of ${domain}`,
      signal,
    },
    [200],
  );
  response.discard();
}
