// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { handmadeImage, MANIFEST_TYPE } from '../support/handmade-image.ts';
import type { Running } from '../support/run.ts';
import { type ScriptedServer, startScriptedServer } from '../support/scripted-server.ts';
import { testRun } from '../support/test-run.ts';
import { NO_TRACES, processesNaming, tracesOf } from '../support/traces.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { busybox, busyboxTar, identities } = testRun();
const SIGNALS = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const;

describe.each(identities)('interrupted as $kind', (identity) => {
  describe.each(SIGNALS)('by %s', (signal, code) => {
    let work: Workspace;
    let server: ScriptedServer;

    beforeAll(async () => {
      work = openWorkspace(identity);
      server = await startScriptedServer();
      await work.ok(['pull', busybox]);
    });

    beforeEach(() => {
      server.requests.length = 0;
    });

    afterEach(async () => {
      // Whatever was interrupted, the state serves the next command.
      const { stdout } = await work.ok(['ls']);
      expect(stdout).toContain('base/busybox:1');
      expect(stdout).not.toContain('never');
    });

    afterAll(async () => {
      await server.stop();
      work.remove();
    });

    /** Sends the signal once `reached` and expects the promised end. */
    async function expectEnd({ child, result }: Running, reached: Promise<void>): Promise<void> {
      await Promise.race([
        reached,
        result.then(({ stderr }) => Promise.reject(new Error(`ended before the signal: ${stderr}`))),
      ]);
      const sent = performance.now();
      child.kill(signal);
      const { code: got, stderr } = await result;
      expect({ code: got, stack: /^\s+at /m.test(stderr) }).toEqual({ code, stack: false });
      expect(performance.now() - sent).toBeLessThan(2000);
      expect(tracesOf(work)).toEqual(NO_TRACES);
    }

    /** Resolves when the server is asked for something, which it then never answers in full. */
    function stallAt(wanted: RegExp, begin?: Uint8Array): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.script = (request, response) => {
        if (!wanted.test(`${request.method} ${request.url}`)) return false;
        if (begin !== undefined) {
          response.writeHead(200, {
            'content-type': 'application/octet-stream',
            'content-length': 1_000_000,
          });
          response.write(begin);
        }
        request.on('data', () => {});
        resolve();
        return true;
      };
      return promise;
    }

    test('while the context comes through stdin', async () => {
      const context = work.context({ Dockerfile: 'FROM scratch\nCOPY Dockerfile /\n' });
      await work.ok(['build', '-'], { input: execFileSync('tar', ['-C', context, '-c', '.']) });
      const trees = join(work.state, 'sources/trees');
      const running = work.start(['build', '-t', 'never:1', '-'], { openInput: true });
      const reached = changes(trees);
      running.child.stdin?.write(readFileSync(busyboxTar).subarray(0, 100_000));

      await expectEnd(running, reached);
      expect(readdirSync(trees)).toEqual([]);
    });

    test('while the base image is resolved', async () => {
      const context = work.context({ Dockerfile: `FROM ${server.host}/slow:1\nRUN true\n` });
      const reached = stallAt(/manifests/);

      await expectEnd(work.start(['build', '-t', 'never:1', context]), reached);
    });

    test('while a layer is pulled', async () => {
      const { manifest, config, layers } = handmadeImage([[{ path: 'a', content: 'a' }]]);
      server.documents.set('/v2/slow/manifests/2', { type: MANIFEST_TYPE, bytes: manifest.bytes });
      server.documents.set(`/v2/slow/manifests/${manifest.digest}`, {
        type: MANIFEST_TYPE,
        bytes: manifest.bytes,
      });
      server.documents.set(`/v2/slow/blobs/${config.digest}`, {
        type: 'application/octet-stream',
        bytes: config.bytes,
      });
      const reached = stallAt(new RegExp(`blobs/${layers[0]?.digest}`), layers[0]?.bytes.subarray(0, 10));
      const context = work.context({ Dockerfile: `FROM ${server.host}/slow:2\nRUN true\n` });

      await expectEnd(work.start(['build', '-t', 'never:1', context]), reached);
      await expectEnd(
        work.start(['pull', `${server.host}/slow:2`]),
        stallAt(new RegExp(`blobs/${layers[0]?.digest}`), layers[0]?.bytes.subarray(0, 10)),
      );
    });

    test('while a RUN sleeps, also one that ignores signals', async () => {
      const context = work.context({
        Dockerfile: `FROM ${busybox}\nRUN trap '' INT TERM HUP; echo ready-${signal}; while true; do sleep 61; done\n`,
      });
      const running = work.start(['build', '--no-console', '-t', 'never:1', context]);

      await expectEnd(running, prints(running, /^#\d+ [\d.]+ ready-/m));
      expect(processesNaming(`echo ready-${signal}; while`)).toEqual([]);
    });

    test('while an archive is written that nobody reads', async () => {
      const context = work.context({ Dockerfile: `FROM ${busybox}\nCOPY f /f\n`, f: 'f' });
      const running = work.start(['build', '--no-console', '-o', 'type=tar', context]);
      // The pipe fills up, and the export waits; what is in it is looked at when all is over.
      running.child.stdout?.pause();
      running.child.once('exit', () => running.child.stdout?.resume());

      await expectEnd(running, prints(running, /exporting to client tarball/));
    });

    test('while a root file system is unpacked', async () => {
      const target = join(work.folder, 'rootfs');
      const running = work.start(['unpack', '-o', target, busybox]);

      await expectEnd(running, changes(work.folder, 'rootfs'));
      expect(existsSync(target)).toBe(false);
    });

    test('while an image is pushed', async () => {
      const name = `${server.host}/pushed:1`;
      await work.ok(['tag', busybox, name]);
      const reached = stallAt(/^(POST|PUT|PATCH) /);

      await expectEnd(work.start(['push', name]), reached);
      await work.ok(['rm', name]);
    });
  });
});

/** Resolves when the command has printed what matches. */
function prints({ child }: Running, wanted: RegExp): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    if (wanted.test(text)) resolve();
  });
  return promise;
}

/** Resolves when something is made or removed in a folder. */
function changes(folder: string, wanted?: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const watcher = watch(folder, (_event, name) => {
    if (wanted !== undefined && name !== wanted) return;
    watcher.close();
    resolve();
  });
  return promise;
}
