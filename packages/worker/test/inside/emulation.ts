// SPDX-License-Identifier: MIT
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createEmulation } from '../../src/exec/emulation.ts';
import { createTestWorker, host, oneId, parent, shell } from './fixture.ts';

/** A program of arm64 that exits with 7: `mov x0, #7; mov x8, #93; svc #0`. @see elf(5) */
function arm64Program(): Buffer {
  const code = Buffer.from('e00080d2a80b80d2010000d4', 'hex');
  const program = Buffer.alloc(120);
  program.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  program.writeUInt16LE(2, 16);
  program.writeUInt16LE(183, 18);
  program.writeUInt32LE(1, 20);
  program.writeBigUInt64LE(0x400078n, 24);
  program.writeBigUInt64LE(64n, 32);
  program.writeUInt16LE(64, 52);
  program.writeUInt16LE(56, 54);
  program.writeUInt16LE(1, 56);
  program.writeUInt32LE(1, 64);
  program.writeUInt32LE(5, 68);
  program.writeBigUInt64LE(0x400000n, 80);
  program.writeBigUInt64LE(0x400000n, 88);
  program.writeBigUInt64LE(BigInt(120 + code.length), 96);
  program.writeBigUInt64LE(BigInt(120 + code.length), 104);
  program.writeBigUInt64LE(0x1000n, 112);
  return Buffer.concat([program, code]);
}

/** The kernel keeps a register per user namespace since 6.7. */
function hasOwnRegister(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return oneId && (major > 6 || (major === 6 && minor >= 7));
}

const SYSTEM = '/proc/sys/fs/binfmt_misc';

// As root this would change the machine itself. The suite always runs in a user namespace too, and there it is tested.
const runsForeign = hasOwnRegister() && process.arch === 'x64';
test(
  runsForeign
    ? 'a program of another architecture runs'
    : 'the machine’s register is not written to by a look at it',
  async () => {
    if (!runsForeign) {
      const registered = (): readonly string[] => (existsSync(SYSTEM) ? readdirSync(SYSTEM) : []);
      const before = registered();
      expect(() =>
        createEmulation(host, join(parent, 'looked')).ensure({ os: 'linux', architecture: 'vax' }),
      ).toThrow();
      expect(registered()).toEqual(before);
      return;
    }
    const worker = await createTestWorker();
    await worker.commit('foreign', (root) => {
      mkdirSync(join(root, 'bin'));
      writeFileSync(join(root, 'bin/seven'), arm64Program());
      chmodSync(join(root, 'bin/seven'), 0o755);
    });
    const request = {
      ...shell('', 'foreign'),
      args: ['/bin/seven'],
      platform: { os: 'linux', architecture: 'arm64' },
    };
    expect(await worker.exec(request)).toMatchObject({ exitCode: 7 });
  },
);

test('the machine’s own architecture leaves the register alone', () => {
  const folder = join(parent, 'untouched');
  createEmulation(host, folder).ensure({
    os: 'linux',
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
  });
  createEmulation(host, folder).ensure(undefined);
  expect(existsSync(folder)).toBe(false);
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(folder);
});

test('without an emulator it says what to install', () => {
  const folder = join(parent, 'none');
  expect(() => createEmulation(host, folder).ensure({ os: 'linux', architecture: 'pdp11' })).toThrow(
    expect.objectContaining({
      code: 'EXEC_PLATFORM_UNSUPPORTED',
      message: 'cannot run programs of linux/pdp11 on this machine: no emulator is known for it',
      hint: 'install an emulator: apt-get install qemu-user-static binfmt-support',
    }),
  );
  expect(readdirSync(parent)).not.toContain('none');
});
