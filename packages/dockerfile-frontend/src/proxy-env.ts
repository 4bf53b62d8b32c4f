// SPDX-License-Identifier: MIT
import type { ProxyEnv } from '@img-build/llb';

const FIELDS = {
  http_proxy: 'httpProxy',
  https_proxy: 'httpsProxy',
  ftp_proxy: 'ftpProxy',
  no_proxy: 'noProxy',
  all_proxy: 'allProxy',
} as const;

/** Proxies among the build arguments, whatever the case of their names; `undefined` when there are none. */
export function proxyEnvOf(buildArgs: Readonly<Record<string, string>>): ProxyEnv | undefined {
  const proxy = { httpProxy: '', httpsProxy: '', ftpProxy: '', noProxy: '', allProxy: '' };
  let found = false;
  for (const name of Object.keys(buildArgs).sort()) {
    const lower = name.toLowerCase();
    if (!Object.hasOwn(FIELDS, lower)) continue;
    proxy[FIELDS[lower as keyof typeof FIELDS]] = buildArgs[name] ?? '';
    found = true;
  }
  return found ? proxy : undefined;
}
