// SPDX-License-Identifier: MIT

/** The parts of `os[(version)]/architecture[/variant]`; empty where nothing is written. */
export interface PlatformParts {
  readonly os: string;
  readonly osVersion: string;
  readonly architecture: string;
  readonly variant: string;
}

const PLATFORM = /^([\w.-]+)(?:\(([\w.-]*)(?:\+[\w.-]+)*\))?(?:\/([\w.-]+)(?:\/([\w.-]+))?)?$/;

const OPERATING_SYSTEMS: ReadonlySet<string> = new Set(
  'aix android darwin dragonfly freebsd hurd illumos ios js linux macos nacl netbsd openbsd plan9 solaris wasip1 windows zos'.split(
    ' ',
  ),
);

/**
 * Cuts a platform into its parts without normalising it. A single word is an operating system when it is a known one,
 * else an architecture.
 *
 * @returns `null` when it is no platform.
 */
export function splitPlatform(text: string): PlatformParts | null {
  const match = PLATFORM.exec(text.trim());
  if (match === null) return null;
  const [, first = '', osVersion = '', architecture, variant = ''] = match;
  if (architecture !== undefined) return { os: first, osVersion, architecture, variant };
  if (OPERATING_SYSTEMS.has(first.toLowerCase())) return { os: first, osVersion, architecture: '', variant };
  return osVersion === '' ? { os: '', osVersion, architecture: first, variant } : null;
}
