// SPDX-License-Identifier: MIT

import { posix } from 'node:path';
import type { Mount } from '@img-build/dockerfile-parser';
import { type RunMount, type RunSecret, type RunSsh, type State, scratch } from '@img-build/llb';
import { buildArg } from '../global-args.ts';
import { addMount } from '../subrequests/stage-outline.ts';
import { absolutePath } from '../text/go-path.ts';
import { type InstructionContext, invalid, workingDirectory } from './instruction-context.ts';
import { requireSource } from './source-stage.ts';

/** The mounts of a RUN by kind. */
export interface LoweredMounts {
  readonly mounts: readonly RunMount[];
  readonly secrets: readonly RunSecret[];
  readonly ssh: readonly RunSsh[];
}

/** Turns `--mount` options into mounts of the graph. */
export function lowerMounts(mounts: readonly Mount[], context: InstructionContext): LoweredMounts {
  return {
    mounts: mounts.flatMap((mount) =>
      mount.type === 'secret' || mount.type === 'ssh' ? [] : [lowerMount(mount, context)],
    ),
    secrets: mounts.flatMap((mount) => (mount.type === 'secret' ? [lowerSecret(mount, context)] : [])),
    ssh: mounts.flatMap((mount) => (mount.type === 'ssh' ? [lowerSsh(mount, context)] : [])),
  };
}

function lowerMount(mount: Mount, context: InstructionContext): RunMount {
  const target = absolutePath(workingDirectory(context), mount.target);
  if (target === '/' || mount.target === '')
    throw invalid(`invalid mount target ${JSON.stringify(mount.target)}`);
  if (mount.type === 'tmpfs') return { type: 'tmpfs', target, size: mount.sizeLimit };
  const source = absolutePath('/', mount.source);
  const from = originOf(mount, source, context);
  const owned = mount.uid !== null || mount.gid !== null || mount.mode !== null;
  const place =
    source !== '/'
      ? { from, selector: source }
      : owned
        ? { from: withOwnedFolder(mount, from), selector: '/cache' }
        : { from };
  if (mount.type === 'bind')
    return { type: 'bind', target, ...place, readonly: mount.readOnly, noOutput: !mount.readOnly };
  const namespace = buildArg(context.lowering.buildArgs, 'BUILDKIT_CACHE_MOUNT_NS') ?? '';
  const own = mount.id === '' ? posix.normalize(mount.target).replace(/(.)\/$/, '$1') : mount.id;
  // Part of the key where it is the target: as BuildKit joins it, also when there is no namespace.
  const id = `${namespace}/${own}`;
  addMount(context.stage.outline.caches, posix.join(namespace, own), {
    required: false,
    range: context.command.range,
  });
  return {
    type: 'cache',
    target,
    ...place,
    id,
    sharing: mount.sharing ?? 'shared',
    readonly: mount.readOnly,
  };
}

function originOf(mount: Mount, source: string, context: InstructionContext): State {
  if (mount.from !== '') {
    const stage = requireSource(mount.from, context, 'mount');
    stage.paths.add(source);
    return stage.state;
  }
  if (mount.type === 'cache') return scratch();
  context.lowering.contextPaths.add(source);
  return context.lowering.context;
}

/** A new cache gets its mode and owner from a folder that is made for it. */
function withOwnedFolder({ uid, gid, mode }: Mount, from: State): State {
  return from.file(
    [
      {
        type: 'mkdir',
        path: '/cache',
        mode: (mode ?? 0o755) & 0o777,
        owner: { uid: uid ?? 0, gid: gid ?? 0 },
      },
    ],
    {
      name: '[internal] settings cache mount permissions',
    },
  );
}

function lowerSecret(mount: Mount, { stage, command }: InstructionContext): RunSecret {
  const id = mount.source || mount.id || posix.basename(mount.target);
  addMount(stage.outline.secrets, id, { required: mount.required, range: command.range });
  const target =
    mount.target !== ''
      ? mount.target
      : mount.env === null
        ? `/run/secrets/${posix.basename(id)}`
        : undefined;
  return {
    id,
    target,
    env: mount.env ?? undefined,
    optional: !mount.required,
    ...fileFacts(mount),
  };
}

function lowerSsh(mount: Mount, { stage, command }: InstructionContext): RunSsh {
  const id = mount.id || 'default';
  addMount(stage.outline.ssh, id, { required: mount.required, range: command.range });
  return {
    id,
    target: mount.target || undefined,
    optional: !mount.required,
    ...fileFacts(mount),
  };
}

function fileFacts({ uid, gid, mode }: Mount): {
  readonly uid?: number;
  readonly gid?: number;
  readonly mode?: number;
} {
  return {
    ...(uid === null ? {} : { uid }),
    ...(gid === null ? {} : { gid }),
    ...(mode === null ? {} : { mode }),
  };
}
