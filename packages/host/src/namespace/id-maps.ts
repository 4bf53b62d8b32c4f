// SPDX-License-Identifier: MIT
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { AbortOptions } from '@img-build/interfaces';
import { mapperNotStarted, mappingFailure, programMissing, subIdsMissing, unknownUser } from './failures.ts';
import { findProgram } from './find-program.ts';
import type { ProcessFacts } from './process-facts.ts';
import { type IdMapping, mappingOf, parseSubIds, readOptional } from './sub-ids.ts';

/** How ids are mapped: the whole range of the user, or the user alone. */
export type MappingMode = 'sub-ids' | 'single-id';

/** What is known before the namespace exists, so that a missing piece is reported without starting anything. */
export interface MappingPlan {
  /** Writes the maps of a process that is in a new user namespace. */
  apply(pid: number, options?: AbortOptions): Promise<void>;
}

/** @throws HostError `NEWUIDMAP_MISSING`, `SUBIDS_MISSING`, `USER_UNKNOWN`; from `apply` also `NEWUIDMAP_FORBIDDEN` */
export function planMapping(
  mode: MappingMode,
  facts: ProcessFacts,
  searchPath: string | undefined,
): MappingPlan {
  if (mode === 'single-id') return { apply: async (pid) => mapSingleId(pid, facts) };
  const user = { name: facts.userName, uid: facts.uid };
  const uids = parseSubIds(readOptional('/etc/subuid'), user);
  const gids = parseSubIds(readOptional('/etc/subgid'), user);
  const newuidmap = findProgram('newuidmap', searchPath);
  const newgidmap = findProgram('newgidmap', searchPath);
  if (newuidmap === undefined) throw programMissing('newuidmap');
  if (newgidmap === undefined) throw programMissing('newgidmap');
  if (facts.userName === undefined) throw unknownUser(facts);
  if (uids.length === 0) throw subIdsMissing(facts, 'no line in /etc/subuid');
  if (gids.length === 0) throw subIdsMissing(facts, 'no line in /etc/subgid');
  return {
    async apply(pid, options) {
      await Promise.all([
        writeMap(newuidmap, pid, mappingOf(facts.uid, uids), facts, options),
        writeMap(newgidmap, pid, mappingOf(facts.gid, gids), facts, options),
      ]);
    },
  };
}

/** What anybody may write without help: setgroups must be given up first, see user_namespaces(7). */
function mapSingleId(pid: number, { uid, gid }: ProcessFacts): void {
  writeFileSync(`/proc/${pid}/setgroups`, 'deny');
  writeFileSync(`/proc/${pid}/uid_map`, `0 ${uid} 1`);
  writeFileSync(`/proc/${pid}/gid_map`, `0 ${gid} 1`);
}

async function writeMap(
  program: string,
  pid: number,
  mappings: readonly IdMapping[],
  facts: ProcessFacts,
  { signal }: AbortOptions = {},
): Promise<void> {
  const args = mappings.flatMap(({ inside, outside, count }) => [inside, outside, count]).map(String);
  const { spawn } = await import('node:child_process');
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const child = spawn(program, [String(pid), ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(signal === undefined ? {} : { signal }),
  });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.on('error', (error: NodeJS.ErrnoException) =>
    reject(signal?.aborted === true ? signal.reason : mapperNotStarted(program, error)),
  );
  child.on('close', (code) => {
    if (code === 0) resolve();
    else reject(mappingFailure(basename(program), output, facts));
  });
  await promise;
}
