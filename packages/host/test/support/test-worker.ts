// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import {
  chownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createHostCalls, serveWorker } from '../../src/index.ts';
import type { TestMethods } from './worker-methods.ts';

const host = createHostCalls();

await serveWorker<TestMethods>({
  async facts() {
    const folder = mkdtempSync('/tmp/img-worker-');
    host.mount('tmpfs', folder, 'tmpfs', []);
    writeFileSync(`${folder}/file`, '');
    host.unmount(folder);
    const mounted = readdirSync(folder).length === 0;
    rmdirSync(folder);
    return {
      pid: process.pid,
      uid: process.getuid?.() ?? -1,
      uidMap: readFileSync('/proc/self/uid_map', 'utf8').replace(/ +/g, ' ').trim(),
      gidMap: readFileSync('/proc/self/gid_map', 'utf8').replace(/ +/g, ' ').trim(),
      session: Number(readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ')[3]),
      mounted,
      processes: readdirSync('/proc').filter((name) => /^\d+$/.test(name)),
    };
  },
  async chown({ path, uid }) {
    writeFileSync(path, '');
    chownSync(path, uid, uid);
    return statSync(path).uid;
  },
  async exit({ code, say }) {
    process.stderr.write(say);
    process.exit(code);
  },
  async spawnSleeper() {
    spawn('sleep', ['54321.5'], { stdio: 'ignore', detached: true });
  },
  async *zeros(total) {
    for (let sent = 0; sent < total; sent += 65_536) yield new Uint8Array(Math.min(65_536, total - sent));
  },
});
