// SPDX-License-Identifier: MIT
import { dirname, resolve } from 'node:path';
import { parseToml } from '../toml/parse-toml.ts';
import { isTomlTable, type TomlTable, type TomlValue } from '../toml/toml-value.ts';
import type { ConnectionFacts } from './host-candidate.ts';
import { type Fields, fieldsOf } from './settings-file.ts';

/** A mirror as `buildkitd.toml` names it. */
export interface BuildkitMirror {
  readonly host: string;
  /** Inserted between `/v2` and the repository; empty or with a leading slash. */
  readonly prefix: string;
  readonly scheme: 'http' | 'https' | undefined;
}

/** `[registry."host"]` */
export interface BuildkitRegistry {
  readonly mirrors: readonly BuildkitMirror[];
  readonly facts: ConnectionFacts;
  /** Folders with `*.crt`, `*.cert` and `*.key`. */
  readonly certificateFolders: readonly string[];
}

/** What a `buildkitd.toml` says about registries. */
export interface BuildkitToml {
  readonly path: string;
  readonly registries: ReadonlyMap<string, BuildkitRegistry>;
}

/**
 * Reads the registries of a `buildkitd.toml`; its other sections are not for us.
 *
 * @throws RegistryError `REGISTRY_SETTINGS_INVALID`
 * @see buildkit, docs/buildkitd.toml.md
 */
export function parseBuildkitToml(text: string, path: string): BuildkitToml {
  const fields = fieldsOf(parseToml(text, path), path);
  const registries = new Map<string, BuildkitRegistry>();
  for (const [host, value] of fields.table('registry') ?? new Map<string, TomlValue>()) {
    if (!isTomlTable(value)) return fields.fail(`registry.${host} is not a table`);
    registries.set(host, registryOf(value, path));
  }
  return { path, registries };
}

function registryOf(table: TomlTable, path: string): BuildkitRegistry {
  const fields = fieldsOf(table, path);
  // Relative paths mean what stands beside the file: there is no daemon whose working folder could count.
  const at = (file: string): string => resolve(dirname(path), file);
  const http = fields.flag('http');
  const insecure = fields.flag('insecure');
  const clientFiles = fields.tables('keypair').map((pair) => {
    const one = fieldsOf(pair, path);
    const cert = one.text('cert') ?? one.fail('a keypair has no cert');
    const key = one.text('key');
    return { cert: at(cert), key: key === undefined ? undefined : at(key) };
  });
  const caFiles = fields.texts('ca').map(at);
  return {
    mirrors: fields.texts('mirrors').map((mirror) => mirrorOf(mirror, fields)),
    certificateFolders: fields.texts('tlsconfigdir').map(at),
    facts: {
      scheme: http === true ? 'http' : undefined,
      skipVerify: insecure,
      allowHttp: insecure,
      ...(caFiles.length === 0 ? {} : { caFiles }),
      ...(clientFiles.length === 0 ? {} : { clientFiles }),
    },
  };
}

function mirrorOf(text: string, fields: Fields): BuildkitMirror {
  const [, scheme, host = '', prefix = ''] =
    /^(?:(https?):\/\/)?([^/?#@\s]*[^/?#@\s:])((?:\/(?!\/)[^?#\s]*)?)$/.exec(text) ?? [];
  if (host === '' || !URL.canParse(`https://${host}`))
    return fields.fail(`the mirror ${JSON.stringify(text.slice(0, 80))} is no host with a path`);
  return { host, prefix: prefix.replace(/\/+$/, ''), scheme: scheme as 'http' | 'https' | undefined };
}
