// SPDX-License-Identifier: MIT

/** All capabilities by their number, see capabilities(7). */
const ALL = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST ' +
  'NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE ' +
  'SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND ' +
  'AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
).split(' ');

/** What Docker gives a container that is not privileged. */
const SANDBOX = new Set(
  'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE'.split(
    ' ',
  ),
);

/** Names of the capabilities of a container, of those in the bounding set of this process (`CapBnd`, hexadecimal). */
export function capabilitiesOf(security: 'sandbox' | 'insecure', bounding: string): readonly string[] {
  const mask = BigInt(`0x${bounding}`);
  return ALL.filter(
    (name, number) =>
      ((mask >> BigInt(number)) & 1n) === 1n && (security === 'insecure' || SANDBOX.has(name)),
  ).map((name) => `CAP_${name}`);
}
