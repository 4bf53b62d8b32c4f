// SPDX-License-Identifier: MIT
import { FrontendError } from '../frontend-error.ts';

/** All there are. */
export const ENTITLEMENTS = ['network.host', 'security.insecure'] as const;

/**
 * Checks that the user allows what a step asks for.
 *
 * @param allowed - {@link LowerOptions.entitlements}.
 * @throws FrontendError `ENTITLEMENT_MISSING`
 */
export function requireEntitlement(
  name: (typeof ENTITLEMENTS)[number],
  allowed: readonly string[] | undefined,
): void {
  if (allowed?.includes(name) === true) return;
  throw new FrontendError(`${name} is not allowed`, {
    code: 'ENTITLEMENT_MISSING',
    hint: `this step asks for more than others get; if you trust the Dockerfile, add --allow ${name}`,
  });
}
