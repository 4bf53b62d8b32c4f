// SPDX-License-Identifier: MIT
import { readFileSync, readlinkSync } from 'node:fs';

/** What tells one process from every other one, also after its number was given away again. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot, /proc/PID/stat field 22. */
  readonly start: string;
  /** Changes at every boot. */
  readonly boot: string;
  /** The pid namespace that `pid` counts in. */
  readonly namespace: string;
}

/** Tells processes apart; a port, so that tests decide who is alive. */
export interface ProcessTable {
  /** This process. */
  self(): ProcessIdentity;
  /** Undefined when it cannot be known: a process of another pid namespace. */
  isAlive(identity: ProcessIdentity): boolean | undefined;
}

/** Looks at `/proc`. */
export function createProcessTable(): ProcessTable {
  const self = (): ProcessIdentity => ({
    pid: process.pid,
    start: startOf('self') ?? '',
    boot: readText('/proc/sys/kernel/random/boot_id'),
    namespace: readNamespace(),
  });
  return {
    self,
    isAlive({ pid, start, boot, namespace }) {
      if (boot !== readText('/proc/sys/kernel/random/boot_id')) return false;
      if (namespace !== readNamespace()) return undefined;
      return startOf(String(pid)) === start;
    },
  };
}

function startOf(pid: string): string | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  // The program's name stands in parentheses and may hold anything; the fields after it are plain. State comes first.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, start] = [fields[0], fields[19]];
  return state === 'Z' || state === 'X' ? undefined : start;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return '';
  }
}

function readNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}
