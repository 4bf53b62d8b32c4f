// SPDX-License-Identifier: MIT

import { posix } from 'node:path';
import { goJson } from '@img-build/oci';
import { sha256Digest } from '../codec.ts';
import type { ExecOp, Mount } from '../exec-op.ts';
import { LlbError } from '../llb-error.ts';
import type { LlbPlatform } from '../ops.ts';
import { EXEC_OP } from '../wire/exec-messages.ts';
import { messageToGoValue } from '../wire/go-value.ts';
import type { MessageValue } from '../wire/message.ts';
import type { ContentSelector, OpCacheMap, OpDependency } from './cache-map-of.ts';
import { withoutNestedPaths } from './nested-paths.ts';

/** Cache map of an exec op. @see BuildKit solver/llbsolver/ops/exec.go */
export function execCacheMap(exec: ExecOp, inputCount: number, platform: LlbPlatform): OpCacheMap {
  const preimage = goJson({
    Type: 'buildkit.exec.v0',
    Exec: messageToGoValue(EXEC_OP, normalised(exec) as unknown as MessageValue),
    OS: platform.os,
    Arch: platform.architecture,
    Variant: platform.variant || undefined,
    OSVersion: platform.osVersion || undefined,
    OSFeatures: platform.osFeatures?.length ? platform.osFeatures : undefined,
  });
  return { digest: sha256Digest(preimage), preimage, dependencies: dependenciesOf(exec.mounts, inputCount) };
}

/** Drops what may change without changing the result. */
function normalised(exec: ExecOp): ExecOp {
  const { proxyEnv: _, ...meta } = exec.meta;
  const mounts = exec.mounts.map((mount) => {
    const plain = { ...mount, selector: '' };
    return isDefaultCache(mount) || mount.cacheOpt === undefined
      ? plain
      : { ...plain, cacheOpt: { id: '', sharing: 'shared' as const } };
  });
  return {
    ...exec,
    meta: { ...meta, extraHosts: meta.extraHosts.map(({ host }) => ({ host, ip: '' })) },
    mounts: isOnlyRoot(mounts) ? [] : mounts,
  };
}

/** A cache mount as a Dockerfile makes it without options: its id is its target, perhaps below a namespace. */
function isDefaultCache({ cacheOpt, dest }: Mount): boolean {
  if (cacheOpt === undefined || cacheOpt.sharing !== 'shared') return false;
  const slash = cacheOpt.id.indexOf('/');
  return cacheOpt.id === dest || (slash >= 0 && cacheOpt.id.slice(slash + 1) === dest);
}

/** Early BuildKit left mounts out of the key, and still does in this most frequent case. */
function isOnlyRoot(mounts: readonly Mount[]): boolean {
  const [root] = mounts;
  return (
    mounts.length === 1 &&
    root !== undefined &&
    root.dest === '/' &&
    !root.readonly &&
    root.mountType === 'bind' &&
    root.cacheOpt === undefined &&
    root.sshOpt === undefined &&
    root.secretOpt === undefined &&
    root.resultId === ''
  );
}

function dependenciesOf(mounts: readonly Mount[], inputCount: number): OpDependency[] {
  const inputs = Array.from({ length: inputCount }, (): { selectors: string[]; content: boolean } => ({
    selectors: [],
    content: false,
  }));
  for (const mount of mounts) {
    if (
      mount.input < 0 ||
      mount.mountType === 'secret' ||
      mount.mountType === 'ssh' ||
      mount.mountType === 'tmpfs'
    )
      continue;
    const input = inputs[mount.input];
    if (input === undefined)
      throw new LlbError(`exec op has a mount of input ${mount.input}, but only ${inputCount} inputs`, {
        code: 'LLB_OP_INVALID',
      });
    const selector = posix.join('/', mount.selector);
    input.selectors.push(selector);
    input.content = usesContent(mount, selector);
  }
  return inputs.map(({ selectors, content }) => {
    if (selectors.length === 0) return {};
    const selector = sha256Digest(selectors.join('\0'));
    return content ? { selector, content: contentSelectors(selectors) } : { selector };
  });
}

/**
 * Content may stand for an input when nothing unselected can leak into the result: the mount gives no output, cannot be
 * written, or is the whole input. The root mount is left out because hashing it costs too much.
 */
function usesContent(mount: Mount, selector: string): boolean {
  const safe = mount.output === -1 || mount.readonly || selector === '/';
  if (mount.contentCache === 'off') return false;
  if (mount.contentCache === 'on') {
    if (!safe)
      throw new LlbError(`mount at ${mount.dest} cannot be keyed by content`, { code: 'LLB_OP_INVALID' });
    return true;
  }
  return safe && mount.dest !== '/';
}

function contentSelectors(paths: readonly string[]): ContentSelector[] {
  const kept = withoutNestedPaths(paths);
  if (kept.includes('/')) return [{ path: '/' }];
  return kept.map((path) => ({ path, followLinks: true }));
}
