// SPDX-License-Identifier: MIT
import { join } from 'node:path';

/** Where to look for what other tools know about registries. */
export interface SettingsPlaces {
  /** Folders with a folder per host (`certs.d`), best first. */
  readonly hostFolders: readonly string[];
  /** Files of BuildKit; the first that exists counts. */
  readonly buildkit: readonly string[];
  /** Files of podman; the first that exists counts. */
  readonly registries: readonly string[];
  /** Folders with additions to it, weakest first. */
  readonly registriesFolders: readonly string[];
}

/** No files at all. */
export const NO_PLACES: SettingsPlaces = {
  hostFolders: [],
  buildkit: [],
  registries: [],
  registriesFolders: [],
};

/**
 * The places of this machine.
 *
 * @param etc - `/etc`, or what stands for it.
 */
export function settingsPlaces(
  environment: Readonly<Record<string, string | undefined>>,
  home: string,
  etc: string,
): SettingsPlaces {
  const config = environment['XDG_CONFIG_HOME'] || join(home, '.config');
  const registries = environment['CONTAINERS_REGISTRIES_CONF'] || environment['REGISTRIES_CONFIG_PATH'];
  return {
    hostFolders: [
      join(config, 'img/certs.d'),
      join(config, 'containers/certs.d'),
      join(config, 'docker/certs.d'),
      join(home, '.docker/certs.d'),
      join(config, 'containerd/certs.d'),
      join(etc, 'containers/certs.d'),
      join(etc, 'docker/certs.d'),
      join(etc, 'containerd/certs.d'),
    ],
    buildkit: [join(config, 'buildkit/buildkitd.toml'), join(etc, 'buildkit/buildkitd.toml')],
    registries: registries
      ? [registries]
      : [join(config, 'containers/registries.conf'), join(etc, 'containers/registries.conf')],
    registriesFolders: [
      join(etc, 'containers/registries.conf.d'),
      join(config, 'containers/registries.conf.d'),
    ],
  };
}
