// SPDX-License-Identifier: MIT
import type { Ulimit } from '@img-build/interfaces';
import { ExecutorError } from '../executor-error.ts';

/** A limit of a runtime spec; `RLIM_INFINITY` is more than a JavaScript number can say. */
export interface RuntimeLimit {
  readonly type: string;
  readonly soft: unknown;
  readonly hard: unknown;
}

/** How /proc/self/limits calls what ulimits are called. @see getrlimit(2), proc(5) */
const TITLES: Readonly<Record<string, string>> = {
  as: 'Max address space',
  core: 'Max core file size',
  cpu: 'Max cpu time',
  data: 'Max data size',
  fsize: 'Max file size',
  locks: 'Max file locks',
  memlock: 'Max locked memory',
  msgqueue: 'Max msgqueue size',
  nice: 'Max nice priority',
  nofile: 'Max open files',
  nproc: 'Max processes',
  rss: 'Max resident set',
  rtprio: 'Max realtime priority',
  rttime: 'Max realtime timeout',
  sigpending: 'Max pending signals',
  stack: 'Max stack size',
};

/**
 * Limits as a runtime takes them.
 *
 * @param limits - text of /proc/self/limits where nothing may be raised, as in a user namespace; else `undefined`
 * @throws ExecutorError `EXECUTOR_LIMIT_REFUSED`
 */
export function runtimeLimits(
  ulimits: readonly Ulimit[],
  limits: string | undefined,
): readonly RuntimeLimit[] {
  return ulimits.map(({ name, soft, hard }) => {
    const title = TITLES[name];
    if (title === undefined)
      throw new ExecutorError(`there is no limit called ${name}`, { code: 'EXECUTOR_LIMIT_REFUSED' });
    const most = limits === undefined ? -1 : hardLimit(limits, title);
    if (most >= 0 && (hard < 0 || hard > most || soft < 0 || soft > most)) {
      throw new ExecutorError(
        `ulimit ${name}=${soft}:${hard} is above ${most}, the most this user may have`,
        {
          code: 'EXECUTOR_LIMIT_REFUSED',
          hint: `ask for less, or raise the user's own limit, as root, in /etc/security/limits.conf`,
        },
      );
    }
    return { type: `RLIMIT_${name.toUpperCase()}`, soft: limitValue(soft), hard: limitValue(hard) };
  });
}

/** -1 for no limit, as in a {@link Ulimit}. */
function hardLimit(limits: string, title: string): number {
  const line = limits.split('\n').find((each) => each.startsWith(title)) ?? '';
  const [, hard = 'unlimited'] = line.slice(title.length).trim().split(/\s+/);
  return hard === 'unlimited' ? -1 : Number(hard);
}

/** The library of this language version does not describe it yet. @see ECMA-262, JSON.rawJSON */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

function limitValue(value: number): unknown {
  return value < 0 ? rawJSON('18446744073709551615') : value;
}
