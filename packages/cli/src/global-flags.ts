// SPDX-License-Identifier: MIT
import type { Flag } from './command.ts';

/** Snapshotter backends a user may ask for. */
export const BACKENDS = ['auto', 'native', 'overlayfs'] as const;

/** Flags that every command takes, before or after its name. */
export function globalFlags(defaultState: string): readonly Flag[] {
  return [
    {
      name: 'backend',
      short: 'b',
      type: 'string',
      description: `backend for snapshots ([${BACKENDS.join(' ')}])`,
      default: '"auto"',
    },
    { name: 'debug', short: 'd', type: 'boolean', description: 'enable debug logging' },
    {
      name: 'state',
      short: 's',
      type: 'string',
      description: 'directory to hold the global state',
      default: JSON.stringify(defaultState),
    },
  ];
}

/** Understood by every command. */
export const HELP_FLAG: Flag = { name: 'help', short: 'h', type: 'boolean', description: 'help' };
/** Understood without a command. */
export const VERSION_FLAG: Flag = {
  name: 'version',
  short: 'v',
  type: 'boolean',
  description: 'Print version information and quit',
};
