// SPDX-License-Identifier: MIT
import { OciError } from './oci-error.ts';

/** What a manifest runs on. @see image-spec v1.1.1, image-index.md, "platform" */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly 'os.version'?: string;
  readonly 'os.features'?: readonly string[];
}

const KNOWN_OS: ReadonlySet<string> = new Set(
  'aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris wasip1 windows zos'.split(
    ' ',
  ),
);
const ARCHITECTURE_ALIASES: Readonly<Record<string, string>> = {
  i386: '386',
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
};
/** Node's `process.arch` where it differs from what images call it. */
const NODE_ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  ppc64: 'ppc64le',
  mipsel: 'mipsle',
  loong64: 'loong64',
};
const ARM64_PLAIN: ReadonlySet<string> = new Set(['', '8', 'v8', 'v8.0', '8.0']);
const ARM64_V9: ReadonlySet<string> = new Set(['9', '9.0', 'v9.0']);
const TOKEN = /^[A-Za-z0-9_.-]+$/;
const OS = /^([A-Za-z0-9_.-]+)(?:\(([A-Za-z0-9_.-]*)((?:\+[A-Za-z0-9_.-]+)*)\))?$/;

/**
 * Brings a platform to the form it is compared in: lower case, one name per architecture, no implied variant.
 *
 * @see containerd platforms, database.go
 */
export function normalizePlatform(platform: Platform): Platform {
  const os = platform.os.toLowerCase();
  const { architecture, variant } = normalArchitecture(
    platform.architecture.toLowerCase(),
    (platform.variant ?? '').toLowerCase(),
  );
  const features = [...(platform['os.features'] ?? [])].sort();
  return {
    os: os === 'macos' ? 'darwin' : os,
    architecture,
    ...(variant === '' ? {} : { variant }),
    ...(platform['os.version'] === undefined || platform['os.version'] === ''
      ? {}
      : { 'os.version': platform['os.version'] }),
    ...(features.length === 0 ? {} : { 'os.features': features }),
  };
}

/**
 * Parses `os[(version+feature…)]/architecture[/variant]`, or one word that is either an operating system or an
 * architecture, and normalises it.
 *
 * @param host - fills in what one word leaves out; without it the operating system is linux.
 * @throws OciError `PLATFORM_INVALID`
 */
export function parsePlatform(text: string, host?: Platform): Platform {
  const [first = '', second, third, ...more] = text.trim().split('/');
  if (more.length > 0 || ![second, third].every((part) => part === undefined || TOKEN.test(part)))
    throw invalid(text);
  const [, os, version, features] = OS.exec(first) ?? [];
  if (os === undefined) throw invalid(text);
  const osFacts = {
    ...(version === undefined || version === '' ? {} : { 'os.version': version }),
    ...(features === undefined || features === '' ? {} : { 'os.features': features.slice(1).split('+') }),
  };
  if (second !== undefined) {
    return normalizePlatform({
      os,
      ...osFacts,
      architecture: second,
      ...(third === undefined ? {} : { variant: third }),
    });
  }
  const name = normalizePlatform({ os, architecture: '' }).os;
  if (!KNOWN_OS.has(name)) {
    if (first !== os) throw invalid(text);
    return normalizePlatform({ os: host?.os ?? 'linux', architecture: os });
  }
  if (host === undefined) throw invalid(text, 'write os/architecture');
  const { architecture, variant } = host;
  return normalizePlatform({
    os: name,
    ...osFacts,
    architecture,
    ...(variant === undefined ? {} : { variant }),
  });
}

/** The normalised `os[(version+feature…)]/architecture[/variant]`, as in `TARGETPLATFORM`. */
export function formatPlatform(platform: Platform): string {
  const normal = normalizePlatform(platform);
  const features = normal['os.features'] ?? [];
  const inner = [normal['os.version'] ?? '', ...features].join('+');
  const os = inner === '' ? normal.os : `${normal.os}(${inner})`;
  return [os, normal.architecture, ...(normal.variant === undefined ? [] : [normal.variant])].join('/');
}

/**
 * The Linux platform of a machine.
 *
 * @param nodeArch - `process.arch`.
 */
export function hostPlatform(nodeArch: string): Platform {
  return normalizePlatform({ os: 'linux', architecture: NODE_ARCHITECTURES[nodeArch] ?? nodeArch });
}

function normalArchitecture(
  name: string,
  variant: string,
): { readonly architecture: string; readonly variant: string } {
  const architecture = ARCHITECTURE_ALIASES[name] ?? name;
  switch (architecture) {
    case '386':
      return { architecture, variant: '' };
    case 'amd64':
      return { architecture, variant: variant === 'v1' ? '' : variant };
    case 'arm64':
      if (ARM64_PLAIN.has(variant)) return { architecture, variant: '' };
      return { architecture, variant: ARM64_V9.has(variant) ? 'v9' : variant };
    case 'armhf':
      return { architecture: 'arm', variant: 'v7' };
    case 'armel':
      return { architecture: 'arm', variant: 'v6' };
    case 'arm':
      if (variant === '') return { architecture, variant: 'v7' };
      return { architecture, variant: /^[5-8]$/.test(variant) ? `v${variant}` : variant };
    default:
      return { architecture, variant };
  }
}

function invalid(
  text: string,
  hint = 'write os/architecture or os/architecture/variant, like linux/arm64',
): OciError {
  return new OciError(`invalid platform ${JSON.stringify(text)}`, { code: 'PLATFORM_INVALID', hint });
}
