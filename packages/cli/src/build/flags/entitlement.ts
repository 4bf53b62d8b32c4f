// SPDX-License-Identifier: MIT
import { nearest } from '../../nearest.ts';
import { UsageError } from '../../usage-error.ts';

const ENTITLEMENTS = ['network.host', 'security.insecure', 'device'] as const;

/** Checks one value of `--allow`: `network.host`, `security.insecure`, `device` or `device=NAME`. @throws UsageError */
export function parseEntitlement(text: string): string {
  if (ENTITLEMENTS.some((each) => each === text) || /^device=./.test(text)) return text;
  const near = nearest(text, ENTITLEMENTS);
  throw new UsageError(
    `unknown entitlement ${JSON.stringify(text)}${near === undefined ? '' : ` (did you mean ${near}?)`}`,
    `choose one of ${ENTITLEMENTS.join(', ')}`,
  );
}
