// SPDX-License-Identifier: MIT
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeviceRequest } from '@img-build/interfaces';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createDeviceLookup } from '../../src/exec/devices.ts';
import { createTestWorker, parent, shell, type TestWorker, writeBusybox, writeTree } from './fixture.ts';

const specs = mkdtempSync(join(parent, 'cdi'));
const shared = mkdtempSync(join(parent, 'shared'));
writeTree(shared, { file: 'from the host' });
writeTree(specs, {
  'example.json': JSON.stringify({
    cdiVersion: '0.6.0',
    kind: 'example.com/null',
    containerEdits: { env: ['ALL=yes'] },
    devices: [
      {
        name: 'zero',
        containerEdits: {
          env: ['ZERO=1'],
          deviceNodes: [{ path: '/dev/other', hostPath: '/dev/zero' }],
          mounts: [{ hostPath: shared, containerPath: '/opt/driver', options: ['ro'] }],
        },
      },
      { name: 'full', containerEdits: { deviceNodes: [{ path: '/dev/full' }] } },
    ],
  }),
  'hooked.json': JSON.stringify({
    kind: 'example.com/hooked',
    devices: [{ name: 'one', containerEdits: { hooks: [{ hookName: 'createContainer', path: '/x' }] } }],
  }),
});

let worker: TestWorker;
beforeAll(async () => {
  worker = await createTestWorker('overlayfs', { devices: createDeviceLookup(specs) });
  await worker.commit('base', writeBusybox);
});
afterEach(async () => {
  expect(await worker.leftovers()).toEqual([]);
});

async function run(script: string, ...devices: readonly (string | DeviceRequest)[]): Promise<string> {
  const requests = devices.map((each) => (typeof each === 'string' ? { name: each, optional: false } : each));
  const { stdout } = await worker.exec(shell(script, 'base', { devices: requests }));
  return stdout;
}

describe('devices', () => {
  test('come with their nodes, mounts and variables', async () => {
    const script = 'busybox head -c 2 /dev/other | wc -c; cat /opt/driver/file; echo " $ZERO $ALL"';
    expect(await run(script, 'example.com/null=zero')).toBe('2\nfrom the host 1 yes\n');
    expect(await run('touch /opt/driver/x 2>/dev/null || echo denied', 'example.com/null=zero')).toBe(
      'denied\n',
    );
  });

  test('are the first of their kind, or all of them', async () => {
    const script = 'test -c /dev/other && echo -n one; echo " $ALL"';
    expect(await run(script, 'example.com/null')).toBe('one yes\n');
    expect(await run(script, 'example.com/null=*', 'example.com/null=full')).toBe('one yes\n');
    expect(await run(script)).toBe(' \n');
  });

  test('that the machine has not are an error, unless they are optional', async () => {
    await expect(run('true', 'example.com/null=none')).rejects.toMatchObject({
      code: 'EXEC_DEVICE_UNKNOWN',
      message: `device example.com/null=none is in no CDI spec in ${specs}`,
    });
    expect(await run('echo ran', { name: 'example.com/none', optional: true })).toBe('ran\n');
  });

  test('that need more than can be done are an error', async () => {
    await expect(run('true', 'example.com/hooked')).rejects.toMatchObject({
      code: 'EXEC_DEVICE_UNSUPPORTED',
      message: `device example.com/hooked needs hooks (${join(specs, 'hooked.json')}), which is not supported`,
    });
  });
});

test('a spec that is damaged is named, and one in YAML too when a device is missing', () => {
  const folder = mkdtempSync(join(parent, 'bad'));
  const find = (): unknown => createDeviceLookup(folder)([{ name: 'a.b/c', optional: false }]);
  writeFileSync(join(folder, 'gpu.yaml'), 'kind: a.b/c');
  expect(find).toThrow(
    expect.objectContaining({ hint: expect.stringContaining(`${join(folder, 'gpu.yaml')} was not read`) }),
  );
  writeFileSync(join(folder, 'broken.json'), '{');
  expect(find).toThrow(expect.objectContaining({ code: 'EXEC_DEVICE_INVALID' }));
  writeFileSync(join(folder, 'broken.json'), '[]');
  expect(find).toThrow(/broken.json names no kind of device/);
});
