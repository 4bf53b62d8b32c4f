// SPDX-License-Identifier: MIT
import { resolve } from 'node:path';
import { UsageError } from '../../usage-error.ts';

/** An agent that steps may ask for signatures. */
export interface SshSpec {
  readonly id: string;
  /** Sockets or key files, absolute; none means the agent of the user. */
  readonly paths: readonly string[];
}

/** Reads `ID[=SOCKET|KEY[,KEY]]`; several ids need several flags. @throws UsageError */
export function parseSshSpec(text: string): SshSpec {
  const equals = text.indexOf('=');
  const id = equals < 0 ? text : text.slice(0, equals);
  const paths = equals < 0 ? [] : text.slice(equals + 1).split(',');
  if (id === '' || paths.includes(''))
    throw new UsageError(
      `invalid ssh ${JSON.stringify(text)}`,
      'write --ssh default, --ssh ID=SOCKET or --ssh ID=KEY[,KEY]',
    );
  return { id, paths: paths.map((path) => resolve(path)) };
}
