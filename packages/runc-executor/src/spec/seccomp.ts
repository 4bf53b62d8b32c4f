// SPDX-License-Identifier: MIT

/** The seccomp section of a runtime spec (runtime-spec 1.0.2, config-linux.md, "Seccomp"). */
export interface SeccompProfile {
  readonly defaultAction: 'SCMP_ACT_ALLOW';
  readonly architectures: readonly string[];
  readonly syscalls: readonly SeccompRule[];
}

interface SeccompRule {
  readonly names: readonly string[];
  readonly action: 'SCMP_ACT_ERRNO';
  readonly errnoRet: number;
  readonly args?: readonly {
    readonly index: number;
    readonly value: number;
    readonly valueTwo?: number;
    readonly op: 'SCMP_CMP_EQ' | 'SCMP_CMP_MASKED_EQ';
  }[];
}

const EPERM = 1;
const ENOSYS = 38;
const AF_VSOCK = 40;

/** What Docker's default profile refuses to a container with Docker's default capabilities, by purpose. */
const REFUSED: readonly string[] = [
  // Kernel modules, other kernels, the running machine.
  'create_module',
  'delete_module',
  'finit_module',
  'get_kernel_syms',
  'init_module',
  'query_module',
  'kexec_file_load',
  'kexec_load',
  'reboot',
  'acct',
  'swapon',
  'swapoff',
  'syslog',
  'vhangup',
  'iopl',
  'ioperm',
  // Clocks.
  'clock_adjtime',
  'clock_adjtime64',
  'clock_settime',
  'clock_settime64',
  'settimeofday',
  'stime',
  'adjtimex_time64',
  // Mounts and namespaces.
  'mount',
  'mount_setattr',
  'umount',
  'umount2',
  'move_mount',
  'open_tree',
  'pivot_root',
  'fsconfig',
  'fsmount',
  'fsopen',
  'fspick',
  'setns',
  'unshare',
  'quotactl',
  'quotactl_fd',
  // Looking into other processes or around permissions.
  'bpf',
  'perf_event_open',
  'kcmp',
  'lookup_dcookie',
  'open_by_handle_at',
  'fanotify_init',
  'userfaultfd',
  'process_madvise',
  // The kernel's key store is shared with the host.
  'add_key',
  'keyctl',
  'request_key',
  // Memory of other nodes.
  'get_mempolicy',
  'mbind',
  'migrate_pages',
  'move_pages',
  'set_mempolicy',
  'set_mempolicy_home_node',
  // A large attack surface.
  'io_uring_enter',
  'io_uring_register',
  'io_uring_setup',
  // Long obsolete.
  '_sysctl',
  'nfsservctl',
  'sysfs',
  'uselib',
  'ustat',
  'vm86',
  'vm86old',
]; // prettier-ignore

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const NAMESPACE_FLAGS: readonly number[] = [
  0x0002_0000, 0x0200_0000, 0x0400_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000,
];

const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'SCMP_ARCH_X86_64',
  arm64: 'SCMP_ARCH_AARCH64',
};

/**
 * A profile that refuses what Docker's refuses, as a list of what is forbidden: compiling a list of all that is allowed
 * costs each container 2 to 20 ms. For the same reason only the machine's own calls are accepted, and those of 32-bit
 * programs only when `with32Bit` says that the root holds such.
 */
export function seccompProfile(arch: NodeJS.Architecture, with32Bit: boolean): SeccompProfile | undefined {
  const native = ARCHITECTURES[arch];
  if (native === undefined) return undefined;
  const second = arch === 'x64' ? 'SCMP_ARCH_X86' : 'SCMP_ARCH_ARM';
  return {
    defaultAction: 'SCMP_ACT_ALLOW',
    architectures: with32Bit ? [native, second] : [native],
    syscalls: [
      refuse(REFUSED),
      ...NAMESPACE_FLAGS.map((flag) => ({
        ...refuse(['clone']),
        args: [{ index: 0, value: flag, valueTwo: flag, op: 'SCMP_CMP_MASKED_EQ' as const }],
      })),
      // Its flags are in memory, where no filter can look; C libraries fall back to clone.
      { ...refuse(['clone3']), errnoRet: ENOSYS },
      { ...refuse(['socket']), args: [{ index: 0, value: AF_VSOCK, op: 'SCMP_CMP_EQ' }] },
    ],
  };
}

function refuse(names: readonly string[]): SeccompRule {
  return { names, action: 'SCMP_ACT_ERRNO', errnoRet: EPERM };
}
