// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';

/** What the figures depend on, as text by name. */
export type MachineFacts = Readonly<Record<string, string>>;

/** Facts of this machine; the load is that at the moment of the call. */
export function readMachineFacts(work: string, uid: number): MachineFacts {
  const processors = cpus();
  return {
    system: /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown',
    kernel: release(),
    processor: `${processors.length} × ${processors[0]?.model ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 1e9)} GB`,
    'work folder': execFileSync('stat', ['-f', '-c', '%T', work], { encoding: 'utf8' }).trim(),
    user: uid === 0 ? 'root' : `unprivileged (uid ${uid})`,
    'load at the start': loadavg()
      .map((load) => load.toFixed(1))
      .join(' '),
  };
}
