// SPDX-License-Identifier: MIT
import { isDigest } from './digest.ts';
import type { ImageConfig } from './image-config.ts';
import {
  invalidDocument,
  isJsonObject,
  type JsonObject,
  listOf,
  MAX_CONFIG_BYTES,
  optionalString,
  optionalStringMap,
  optionalStrings,
  parseJsonObject,
} from './json-document.ts';

const WHAT = 'image config';
const RUN_LISTS: readonly string[] = ['Env', 'Entrypoint', 'Cmd', 'OnBuild', 'Shell'];
const RUN_STRINGS: readonly string[] = ['User', 'WorkingDir', 'StopSignal'];
const RUN_SETS: readonly string[] = ['ExposedPorts', 'Volumes'];
const HISTORY_STRINGS: readonly string[] = ['created', 'created_by', 'author', 'comment'];

/**
 * Reads an image config. Members that are `null` count as absent; members unknown here are kept.
 *
 * @throws OciError `DOCUMENT_INVALID`
 * @see image-spec v1.1.1, config.md
 */
export function parseImageConfig(
  bytes: Uint8Array,
  options: { readonly maxBytes?: number | undefined } = {},
): ImageConfig {
  const object = parseJsonObject(bytes, WHAT, options.maxBytes ?? MAX_CONFIG_BYTES);
  for (const key of ['architecture', 'os']) {
    if (typeof object[key] !== 'string') throw invalidDocument(WHAT, `it has no ${key}`);
  }
  for (const key of ['variant', 'os.version', 'created', 'author']) optionalString(object, key, WHAT);
  optionalStrings(object, 'os.features', WHAT);
  if (object['config'] !== undefined) checkRunConfig(object['config']);
  checkHistory(listOf(object, 'history', WHAT));
  return { ...object, rootfs: rootfsFrom(object['rootfs']) } as unknown as ImageConfig;
}

function rootfsFrom(value: unknown): JsonObject {
  if (!isJsonObject(value)) throw invalidDocument(WHAT, 'it has no rootfs');
  if (value['type'] !== 'layers') throw invalidDocument(WHAT, 'its rootfs type is not "layers"');
  const diffIds = listOf(value, 'diff_ids', WHAT);
  for (const diffId of diffIds) {
    if (typeof diffId !== 'string' || !isDigest(diffId))
      throw invalidDocument(WHAT, `${JSON.stringify(diffId ?? null)} is not a diff id`);
  }
  return { ...value, type: 'layers', diff_ids: diffIds };
}

function checkRunConfig(value: unknown): void {
  if (!isJsonObject(value)) throw invalidDocument(WHAT, 'config is not an object');
  for (const key of RUN_LISTS) optionalStrings(value, key, WHAT);
  for (const key of RUN_STRINGS) optionalString(value, key, WHAT);
  for (const key of RUN_SETS) {
    if (value[key] !== undefined && !isJsonObject(value[key]))
      throw invalidDocument(WHAT, `${key} is not an object`);
  }
  optionalStringMap(value, 'Labels', WHAT);
  const health = value['Healthcheck'];
  if (health === undefined) return;
  if (!isJsonObject(health)) throw invalidDocument(WHAT, 'Healthcheck is not an object');
  optionalStrings(health, 'Test', WHAT);
}

function checkHistory(history: readonly unknown[]): void {
  for (const entry of history) {
    if (!isJsonObject(entry)) throw invalidDocument(WHAT, 'history holds something other than objects');
    for (const key of HISTORY_STRINGS) optionalString(entry, key, WHAT);
    const empty = entry['empty_layer'];
    if (empty !== undefined && typeof empty !== 'boolean')
      throw invalidDocument(WHAT, 'empty_layer is not a boolean');
  }
}
