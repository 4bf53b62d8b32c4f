// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isSystemError } from '@img-build/errors';
import { WorkerError } from '../worker-error.ts';

/** What a device changes in a container. @see Container Device Interface 1.0, SPEC.md, "OCI Edits" */
export interface CdiEdits {
  readonly env: readonly string[];
  readonly nodes: readonly { readonly destination: string; readonly source: string }[];
  readonly mounts: readonly {
    readonly destination: string;
    readonly source: string;
    readonly options: readonly string[];
  }[];
  /** What the spec asks for and nobody here does. */
  readonly unsupported: readonly string[];
}

/** The devices of one spec file. */
export interface CdiSpec {
  readonly file: string;
  /** `vendor.com/class` */
  readonly kind: string;
  readonly devices: readonly { readonly name: string; readonly edits: CdiEdits }[];
  /** For every device of the file. */
  readonly edits: CdiEdits;
}

/** Bytes. */
const MAX_FILE = 1024 * 1024;

/** The specs in these folders; a later folder's come later. Names of files in YAML, which is not read, go to `unread`. */
export function readCdiSpecs(
  folders: readonly string[],
  unread: (file: string) => void = () => {},
): readonly CdiSpec[] {
  return folders.flatMap((folder) =>
    namesIn(folder).flatMap((name) => {
      if (/\.ya?ml$/.test(name)) unread(join(folder, name));
      return name.endsWith('.json') ? [readSpec(join(folder, name))] : [];
    }),
  );
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return [];
    throw error;
  }
}

type Json = Readonly<Record<string, unknown>>;

/** @throws WorkerError `EXEC_DEVICE_INVALID` */
function readSpec(file: string): CdiSpec {
  const invalid = (why: string, cause?: unknown): WorkerError =>
    new WorkerError(`CDI spec ${file} ${why}`, { code: 'EXEC_DEVICE_INVALID', cause });
  if (statSync(file).size > MAX_FILE) throw invalid(`is larger than ${MAX_FILE} bytes`);
  let spec: Json;
  try {
    spec = objectOf(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw invalid('is no JSON', error);
  }
  const { kind } = spec;
  if (typeof kind !== 'string') throw invalid('names no kind of device');
  return {
    file,
    kind,
    devices: listOf(spec['devices']).map((device) => ({
      name: textOf(device['name']),
      edits: editsOf(objectOf(device['containerEdits'])),
    })),
    edits: editsOf(objectOf(spec['containerEdits'])),
  };
}

function editsOf(edits: Json): CdiEdits {
  const { hooks, intelRdt, additionalGids } = edits;
  return {
    env: textsOf(edits['env']),
    nodes: listOf(edits['deviceNodes']).map((node) => ({
      destination: textOf(node['path']),
      source: textOf(node['hostPath']) || textOf(node['path']),
    })),
    mounts: listOf(edits['mounts']).map((mount) => ({
      destination: textOf(mount['containerPath']),
      source: textOf(mount['hostPath']),
      options: textsOf(mount['options']),
    })),
    unsupported: Object.entries({ hooks, intelRdt, additionalGids }).flatMap(([name, value]) =>
      value === undefined || value === null || (Array.isArray(value) && value.length === 0) ? [] : [name],
    ),
  };
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}
