// SPDX-License-Identifier: MIT
import { statSync } from 'node:fs';
import type { ContainerSpec } from '@img-build/interfaces';

/** An exception to a container's ban on devices (runtime-spec 1.0.2, config-linux.md, "Allowed Device list"). */
export interface DeviceRule {
  readonly allow: true;
  readonly access: 'rwm';
  readonly type?: 'b' | 'c';
  readonly major?: number;
  readonly minor?: number;
}

/** The devices a container may use besides those all have; none of it where nothing more is asked for. */
export function deviceRules({ security, devices = [] }: ContainerSpec): {
  readonly resources?: { readonly devices: readonly DeviceRule[] };
} {
  const all: DeviceRule[] = security === 'insecure' ? [{ allow: true, access: 'rwm' }] : [];
  const rules = [...all, ...devices.flatMap(({ source }) => ruleOf(source))];
  return rules.length === 0 ? {} : { resources: { devices: rules } };
}

/** A device that is missing is for the runtime to report. */
function ruleOf(source: string): readonly DeviceRule[] {
  const stats = statSync(source, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined || !(stats.isCharacterDevice() || stats.isBlockDevice())) return [];
  const { rdev } = stats;
  return [
    {
      allow: true,
      access: 'rwm',
      type: stats.isBlockDevice() ? 'b' : 'c',
      // makedev(3)
      major: Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n)),
      minor: Number((rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n)),
    },
  ];
}
