// SPDX-License-Identifier: MIT
import { join } from 'node:path';

/** The environment, as far as it says where credentials are. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** docker's configuration file: the one that is written to. */
export function dockerConfigPath(environment: Environment, home: string): string {
  return join(environment['DOCKER_CONFIG'] || join(home, '.docker'), 'config.json');
}

/**
 * The files that may hold credentials, best first. `REGISTRY_AUTH_FILE` is meant for all tools of the containers family
 * and goes before docker's file; their own places come last.
 */
export function credentialPaths(environment: Environment, home: string): readonly string[] {
  const runtime = environment['XDG_RUNTIME_DIR'];
  const config = environment['XDG_CONFIG_HOME'] || join(home, '.config');
  return [
    ...(environment['REGISTRY_AUTH_FILE'] ? [environment['REGISTRY_AUTH_FILE']] : []),
    dockerConfigPath(environment, home),
    ...(runtime ? [join(runtime, 'containers/auth.json')] : []),
    join(config, 'containers/auth.json'),
  ];
}
