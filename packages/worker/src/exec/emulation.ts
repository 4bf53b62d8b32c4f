// SPDX-License-Identifier: MIT
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSystemError } from '@img-build/errors';
import type { HostCalls } from '@img-build/interfaces';
import type { Platform } from '@img-build/oci';
import { WorkerError } from '../worker-error.ts';

const SYSTEM_REGISTRY = '/proc/sys/fs/binfmt_misc';
const EMULATOR_FOLDERS = ['/usr/bin', '/usr/local/bin'];

/** How binfmt_misc recognises a program: ELF class, byte order and machine. @see elf(5), Linux admin-guide/binfmt-misc.rst */
interface Machine {
  /** As QEMU names it. */
  readonly qemu: string;
  readonly bits: 32 | 64;
  readonly bigEndian: boolean;
  readonly elfMachine: number;
}

const MACHINES: Readonly<Record<string, Machine>> = {
  amd64: { qemu: 'x86_64', bits: 64, bigEndian: false, elfMachine: 62 },
  arm64: { qemu: 'aarch64', bits: 64, bigEndian: false, elfMachine: 183 },
  arm: { qemu: 'arm', bits: 32, bigEndian: false, elfMachine: 40 },
  ppc64le: { qemu: 'ppc64le', bits: 64, bigEndian: false, elfMachine: 21 },
  s390x: { qemu: 's390x', bits: 64, bigEndian: true, elfMachine: 22 },
  riscv64: { qemu: 'riscv64', bits: 64, bigEndian: false, elfMachine: 243 },
  loong64: { qemu: 'loongarch64', bits: 64, bigEndian: false, elfMachine: 258 },
  mips64le: { qemu: 'mips64el', bits: 64, bigEndian: false, elfMachine: 8 },
};

const HOST_ARCHITECTURES: Readonly<Record<string, readonly string[]>> = {
  x64: ['amd64', '386'],
  arm64: ['arm64'],
  riscv64: ['riscv64'],
  s390x: ['s390x'],
  ppc64: ['ppc64le'],
};

/** Makes programs of other architectures run. */
export interface Emulation {
  /** Makes sure programs of `platform` can run. @throws WorkerError `EXEC_PLATFORM_UNSUPPORTED` */
  ensure(platform: Platform | undefined): void;
}

/**
 * Uses what the system registered with binfmt_misc; else, since the kernel keeps that register per user namespace
 * (6.7), registers a static QEMU found on the host in this namespace alone.
 *
 * @param folder - where to mount this namespace's register.
 */
export function createEmulation(host: HostCalls, folder: string): Emulation {
  const ensured = new Set<string>();
  let ownRegistry: string | undefined;

  function openOwnRegistry(): string {
    if (ownRegistry === undefined) {
      mkdirSync(folder, { recursive: true });
      host.mount('binfmt_misc', folder, 'binfmt_misc', []);
      ownRegistry = folder;
    }
    return ownRegistry;
  }

  return {
    ensure(platform) {
      if (platform === undefined || ensured.has(platform.architecture)) return;
      if (platform.os !== 'linux')
        throw unsupported(platform, `programs of ${platform.os} cannot run on linux`);
      const { architecture } = platform;
      if (HOST_ARCHITECTURES[process.arch]?.includes(architecture)) return;
      const machine = MACHINES[architecture];
      if (machine === undefined) throw unsupported(platform, 'no emulator is known for it');
      if (!isRegistered(SYSTEM_REGISTRY, machine)) registerOwn(platform, machine, openOwnRegistry);
      ensured.add(architecture);
    },
  };
}

function registerOwn(platform: Platform, machine: Machine, openRegistry: () => string): void {
  const emulator = EMULATOR_FOLDERS.map((folder) => join(folder, `qemu-${machine.qemu}-static`)).find(
    (path) => existsSync(path),
  );
  if (emulator === undefined) throw unsupported(platform, 'binfmt_misc has no emulator for it');
  try {
    const registry = openRegistry();
    if (!isRegistered(registry, machine))
      writeFileSync(join(registry, 'register'), registration(machine, emulator), 'latin1');
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw unsupported(platform, `binfmt_misc cannot be set up in this user namespace (${error.code})`, error);
  }
}

function isRegistered(registry: string, machine: Machine): boolean {
  try {
    return readdirSync(registry).includes(`qemu-${machine.qemu}`);
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'EACCES')) return false;
    throw error;
  }
}

/** The line for `register`: flags P (keep argv[0]), O (open the binary), C (credentials of the binary), F (open the emulator now). */
function registration(machine: Machine, emulator: string): string {
  const header = Buffer.alloc(20);
  header.set([0x7f, 0x45, 0x4c, 0x46, machine.bits === 64 ? 2 : 1, machine.bigEndian ? 2 : 1, 1]);
  const mask = Buffer.alloc(20, 0xff);
  // The ABI and its version vary; executables and shared objects (PIE) both count.
  mask.fill(0, 7, 16);
  const write16 = (buffer: Buffer, value: number, at: number): void => {
    if (machine.bigEndian) buffer.writeUInt16BE(value, at);
    else buffer.writeUInt16LE(value, at);
  };
  write16(header, 2, 16);
  write16(mask, 0xfffe, 16);
  write16(header, machine.elfMachine, 18);
  return `:qemu-${machine.qemu}:M::${escaped(header)}:${escaped(mask)}:${emulator}:FPOC`;
}

function escaped(bytes: Buffer): string {
  return [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}

function unsupported(platform: Platform, why: string, cause?: unknown): WorkerError {
  return new WorkerError(
    `cannot run programs of ${platform.os}/${platform.architecture} on this machine: ${why}`,
    {
      code: 'EXEC_PLATFORM_UNSUPPORTED',
      hint: 'install an emulator: apt-get install qemu-user-static binfmt-support',
      cause,
    },
  );
}
