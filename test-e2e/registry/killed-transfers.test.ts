// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type BodyBytes, type CountingProxy, startCountingProxy } from '../support/counting-proxy.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { folder: runFolder, identities } = testRun();
const [identity = identities[0]] = identities.toReversed();
if (identity === undefined) throw new Error('nobody to test as');
const MB = 1_000_000;
const LAYERS = 24;
const LAYER = 2 * MB;
/** Blobs that are on their way at once. */
const PARALLEL = 6;
const LARGE = 64 * MB;
/** Bytes of the requests that large blobs go in. */
const CHUNK = 64 * 1024 * 1024;

describe('what kill -9 leaves of a transfer', () => {
  let work: Workspace;
  let registry: Registry;
  let proxy: CountingProxy;

  beforeAll(async () => {
    work = openWorkspace(identity);
    const folder = join(runFolder, 'killed-transfers');
    mkdirSync(folder);
    registry = await startRegistry(folder);
    proxy = await startCountingProxy(registry.host);
  });

  afterAll(async () => {
    await proxy.close();
    await registry.stop();
    work.remove();
  });

  /** Runs a command that is killed as soon as enough bytes have passed. */
  async function killedAt(
    args: readonly string[],
    isEnough: (bytes: BodyBytes) => boolean,
    { state, through = proxy }: { readonly state?: string; readonly through?: CountingProxy } = {},
  ): Promise<BodyBytes> {
    through.takeBytes();
    const { child, result } = work.start(args, { state });
    through.onBytes = (bytes) => {
      if (isEnough(bytes)) child.kill('SIGKILL');
    };
    const { signal } = await result;
    through.onBytes = () => {};
    expect(signal).toBe('SIGKILL');
    return through.takeBytes();
  }

  test('of a push is not sent again', async () => {
    const name = `${proxy.host}/killed/many:1`;
    const files = Object.fromEntries(
      Array.from({ length: LAYERS }, (_, index) => [`f${index}`, randomBytes(LAYER)]),
    );
    const copies = Object.keys(files).map((file) => `COPY ${file} /${file}\n`);
    await work.build({ Dockerfile: `FROM scratch\n${copies.join('')}`, ...files }, ['-t', name]);

    const first = await killedAt(['push', name], ({ up }) => up > (LAYERS * LAYER * 2) / 3);
    await work.ok(['push', name]);
    const second = proxy.takeBytes();

    // docker-registry forgets what it got of a blob that broke off, so those are sent whole.
    expect(second.up).toBeLessThan(LAYERS * LAYER - first.up + (PARALLEL + 2) * LAYER);
    const elsewhere = `${work.folder}/elsewhere`;
    await work.ok(['pull', name], { state: elsewhere });
    expect((await work.image(name, { state: elsewhere })).files.size).toBe(LAYERS);
  });

  test('of a push of one large blob, through a proxy that passes whole requests on, costs a request', async () => {
    const through = await startCountingProxy(registry.host, { buffers: true });
    try {
      const size = 3 * CHUNK - MB;
      const name = `${through.host}/killed/chunks:1`;
      await work.build({ Dockerfile: 'FROM scratch\nCOPY f /f\n', f: randomBytes(size) }, ['-t', name]);

      const first = await killedAt(['push', name], ({ up }) => up > 2.2 * CHUNK, { through });
      await work.ok(['push', name]);
      const second = through.takeBytes();

      // Nothing but the request under way and what surrounds the layer is sent twice.
      expect(second.up).toBeLessThan(CHUNK + MB);
      expect(first.up + second.up).toBeGreaterThanOrEqual(size);
      expect((await work.ok(['inspect', '--remote', name])).stdout).toContain('"layers"');
    } finally {
      await through.close();
    }
  });

  test('Ctrl-C in the middle of a push tells the registry, and the next push starts afresh', async () => {
    const name = `${proxy.host}/killed/stopped:1`;
    await work.build({ Dockerfile: 'FROM scratch\nCOPY f /f\n', f: randomBytes(LARGE) }, ['-t', name]);
    proxy.takeBytes();
    proxy.takeRequests();
    const { child, result } = work.start(['push', name]);
    // The rest is held back: a process that hears of the signal late would have sent it all, and nothing to call off.
    proxy.onBytes = ({ up }) => (up > LARGE / 2 && child.kill('SIGINT') ? 'hold' : undefined);
    const { code, stderr } = await result;
    proxy.onBytes = () => {};

    expect(code).toBe(130);
    expect(stderr).not.toMatch(/^ {4}at /m);
    expect(proxy.takeRequests().some((line) => line.startsWith('DELETE '))).toBe(true);
    await work.ok(['push', name]);
    expect((await work.ok(['inspect', '--remote', name])).stdout).toContain('"layers"');
  });

  test('of a pull is not fetched again', async () => {
    const name = `${proxy.host}/killed/large:1`;
    const state = `${work.folder}/puller`;
    await work.build({ Dockerfile: 'FROM scratch\nCOPY f /f\n', f: randomBytes(LARGE) }, ['-t', name]);
    await work.ok(['push', name]);

    const first = await killedAt(['pull', name], ({ down }) => down > LARGE / 2, { state });
    await work.ok(['pull', name], { state });
    const second = proxy.takeBytes();

    // What was on its way to the disk is lost.
    expect(first.down + second.down).toBeLessThan(LARGE * 1.15);
    expect((await work.image(name, { state })).files.get('f')?.content).toHaveLength(LARGE);
  });

  test('of a copy into a folder is not fetched again', async () => {
    const name = `${proxy.host}/killed/large:1`;
    const target = `oci:${work.folder}/layout:1`;

    const first = await killedAt(['copy', name, target], ({ down }) => down > LARGE / 2);
    const { stdout } = await work.ok(['copy', name, target]);
    const second = proxy.takeBytes();

    expect(first.down + second.down).toBeLessThan(LARGE * 1.15);
    expect(stdout).toMatch(/^Blobs: [12] copied/m);
  });
});
