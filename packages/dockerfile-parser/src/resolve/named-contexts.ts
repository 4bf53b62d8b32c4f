// SPDX-License-Identifier: MIT
import type { ResolveOptions } from './resolve-options.ts';

const RESERVED: ReadonlySet<string> = new Set(['scratch', 'context']);

/**
 * The named context that stands for `name`: one for the platform (`name::os/arch`) before one for all.
 *
 * @returns its name as announced; `null` when there is none.
 */
export function findContext(
  { contexts = [], platform: target = 'linux/amd64' }: ResolveOptions,
  name: string,
  platform: string | null,
): string | null {
  if (contexts.length === 0 || RESERVED.has(name.toLowerCase())) return null;
  const wanted = normalName(name);
  const find = (text: string): string | undefined => contexts.find((context) => normalName(context) === text);
  return find(`${wanted}::${platform ?? target}`) ?? find(wanted) ?? null;
}

/** `docker.io/library/alpine:latest` and `alpine` are the same name. */
function normalName(written: string): string {
  const cut = written.indexOf('::');
  const name = cut < 0 ? written : written.slice(0, cut);
  const platform = cut < 0 ? '' : written.slice(cut);
  return name.replace(/^(?:index\.)?docker\.io\/(?:library\/)?/, '').replace(/:latest$/, '') + platform;
}
