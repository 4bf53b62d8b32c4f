// SPDX-License-Identifier: MIT
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Lets Node keep the compiled form of every module imported from now on in `$XDG_CACHE_HOME/img`, else `~/.cache/img`: a
 * build in which nothing changed spends a tenth of its time on compiling. Where nothing can be kept, nothing is lost.
 */
export function keepCompiledCode(env: NodeJS.ProcessEnv): void {
  const cache = env['XDG_CACHE_HOME'];
  enableCompileCache(
    join(cache?.startsWith('/') === true ? cache : join(homedir(), '.cache'), 'img', 'compiled'),
  );
}
