// SPDX-License-Identifier: MIT
import type { ContainerDevice, ContainerMount, DeviceRequest } from '@img-build/interfaces';
import { WorkerError } from '../worker-error.ts';
import { type CdiEdits, type CdiSpec, readCdiSpecs } from './cdi-spec.ts';

/** What devices add to a container. */
export interface DeviceEdits {
  readonly env: readonly string[];
  readonly devices: readonly ContainerDevice[];
  readonly mounts: readonly ContainerMount[];
}

/** Finds devices by their CDI names. */
export type DeviceLookup = (requests: readonly DeviceRequest[]) => DeviceEdits;

/** Where a machine says which devices it has. @see Container Device Interface 1.0, SPEC.md */
const FOLDERS = ['/etc/cdi', '/var/run/cdi'];

/**
 * Looks devices up in the specs of the machine; they are read anew for every step that asks for one. A name without
 * `=device` is the first device of its kind, `=*` is all of them.
 *
 * @param searchPath - folders instead of the usual ones, separated by colons (`$CDI_SPEC_DIRS`)
 * @throws WorkerError (from the look-up) `EXEC_DEVICE_UNKNOWN`, `EXEC_DEVICE_UNSUPPORTED`, `EXEC_DEVICE_INVALID`
 */
export function createDeviceLookup(searchPath: string | undefined): DeviceLookup {
  const folders = searchPath?.split(':').filter((folder) => folder.startsWith('/')) ?? FOLDERS;
  return (requests) => {
    if (requests.length === 0) return { env: [], devices: [], mounts: [] };
    const unread: string[] = [];
    const specs = readCdiSpecs(folders, (file) => unread.push(file));
    // What a spec says for all its devices is said once.
    const edits = new Set<CdiEdits>();
    for (const { name, optional } of requests) {
      const found = editsFor(specs, name);
      if (found.length === 0 && !optional) throw unknown(name, folders, unread);
      for (const each of found) edits.add(each);
    }
    return combined([...edits]);
  };
}

function editsFor(specs: readonly CdiSpec[], name: string): readonly CdiEdits[] {
  const [kind = '', device] = name.split('=', 2);
  // A later folder overrides an earlier one.
  for (const spec of specs.toReversed()) {
    if (spec.kind !== kind) continue;
    const devices = device === undefined ? spec.devices.slice(0, 1) : spec.devices.filter(matching(device));
    if (devices.length === 0) continue;
    const edits = [spec.edits, ...devices.map((each) => each.edits)];
    const missing = edits.flatMap(({ unsupported }) => unsupported);
    if (missing.length > 0)
      throw new WorkerError(`device ${name} needs ${missing[0]} (${spec.file}), which is not supported`, {
        code: 'EXEC_DEVICE_UNSUPPORTED',
        hint: 'write a spec with device nodes, mounts and variables only, and put its folder into $CDI_SPEC_DIRS',
      });
    return edits;
  }
  return [];
}

function matching(wanted: string): (device: { readonly name: string }) => boolean {
  return ({ name }) => wanted === '*' || name === wanted;
}

function unknown(name: string, folders: readonly string[], unread: readonly string[]): WorkerError {
  const [yaml] = unread;
  return new WorkerError(`device ${name} is in no CDI spec in ${folders.join(', ')}`, {
    code: 'EXEC_DEVICE_UNKNOWN',
    hint:
      yaml === undefined
        ? 'describe it in a JSON file there, or in a folder that $CDI_SPEC_DIRS names'
        : `${yaml} was not read: specs have to be JSON (nvidia-ctk cdi generate --format=json)`,
  });
}

function combined(edits: readonly CdiEdits[]): DeviceEdits {
  return {
    env: edits.flatMap(({ env }) => env),
    devices: edits.flatMap(({ nodes }) => nodes),
    mounts: edits.flatMap(({ mounts }) =>
      mounts.map(({ destination, source, options }) => ({
        destination,
        type: 'bind' as const,
        source,
        options: options.some((word) => word === 'bind' || word === 'rbind')
          ? options
          : ['rbind', ...options],
      })),
    ),
  };
}
