// SPDX-License-Identifier: MIT

import { posix } from 'node:path';
import { goJson } from '@img-build/oci';
import { sha256Digest } from '../codec.ts';
import type { ChownOpt, FileAction, FileActionCopy, FileOp } from '../file-op.ts';
import { LlbError } from '../llb-error.ts';
import { COPY, MKDIR, MKFILE, RM, SYMLINK } from '../wire/file-messages.ts';
import { messageToGoValue } from '../wire/go-value.ts';
import type { MessageType, MessageValue } from '../wire/message.ts';
import type { ContentSelector, OpCacheMap, OpDependency } from './cache-map-of.ts';
import { compareBytes, withoutNestedPaths } from './nested-paths.ts';

/** Cache map of a file op. @see BuildKit solver/llbsolver/ops/file.go */
export function fileCacheMap(file: FileOp, inputCount: number): OpCacheMap {
  const used = new UsedParts(inputCount);
  const actions = file.actions.map((action) => Buffer.from(actionJson(action, used)));
  const indexes = file.actions.map(({ input, secondaryInput, output }) => [input, secondaryInput, output]);
  const preimage = goJson({
    Type: 'buildkit.file.v0',
    Actions: actions,
    indexes: isUsualChain(file.actions) ? undefined : indexes,
  });
  return { digest: sha256Digest(preimage), preimage, dependencies: used.dependencies() };
}

/** Which parts of which inputs the actions read. */
class UsedParts {
  readonly inputCount: number;
  readonly #parts = new Map<number, ContentSelector[]>();
  readonly #changed = new Set<number>();

  constructor(inputCount: number) {
    this.inputCount = inputCount;
  }

  /** An input that is the basis of the result matters as a whole. */
  change(input: number): void {
    this.#changed.add(input);
  }

  read(input: number, part: ContentSelector): void {
    this.#parts.set(input, [...(this.#parts.get(input) ?? []), part]);
  }

  dependencies(): OpDependency[] {
    for (const input of this.#parts.keys()) {
      if (input < 0 || input >= this.inputCount)
        throw new LlbError(`file op reads input ${input}, but has only ${this.inputCount}`, {
          code: 'LLB_OP_INVALID',
        });
    }
    return Array.from({ length: this.inputCount }, (_, input) => {
      const parts = this.#parts.get(input);
      if (parts === undefined || this.#changed.has(input)) return {};
      const paths = parts
        .map((part) => part.path)
        .sort(compareBytes)
        .reverse();
      return { selector: sha256Digest(paths.join('\0')), content: withoutNestedParts(parts) };
    });
  }
}

const ACTION_TYPES: Readonly<Record<FileAction['type'], MessageType>> = {
  copy: COPY,
  mkfile: MKFILE,
  mkdir: MKDIR,
  rm: RM,
  symlink: SYMLINK,
};

function actionJson(action: FileAction, used: UsedParts): string {
  used.change(action.input);
  switch (action.type) {
    case 'copy': {
      readOwner(action.copy.owner, used);
      return json('copy', copyJson(action.copy, action.secondaryInput, used));
    }
    case 'mkfile':
      readOwner(action.mkfile.owner, used);
      return json('mkfile', action.mkfile);
    case 'mkdir':
      readOwner(action.mkdir.owner, used);
      return json('mkdir', action.mkdir);
    case 'rm':
      return json('rm', action.rm);
    case 'symlink':
      return json('symlink', action.symlink);
  }
}

function json(type: FileAction['type'], value: object): string {
  return goJson(messageToGoValue(ACTION_TYPES[type], value as MessageValue));
}

/** What is copied from an input is keyed by its content, so only the name it may give to the copy stays. */
function copyJson(copy: FileActionCopy, from: number, used: UsedParts): FileActionCopy {
  if (from === -1 || from >= used.inputCount) return copy;
  used.read(from, {
    path: copy.src,
    wildcard: copy.allowWildcard && hasWildcard(copy.src) ? true : undefined,
    followLinks: copy.followSymlink ? true : undefined,
    includePatterns: listOrNothing(copy.includePatterns),
    excludePatterns: listOrNothing(copy.excludePatterns),
    requiredPaths: listOrNothing(copy.requiredPaths),
  });
  return { ...copy, src: posix.basename(copy.src) || '/' };
}

function listOrNothing(list: readonly string[]): readonly string[] | undefined {
  return list.length === 0 ? undefined : list;
}

function readOwner(owner: ChownOpt | undefined, used: UsedParts): void {
  const files = [
    [owner?.user, '/etc/passwd'],
    [owner?.group, '/etc/group'],
  ] as const;
  for (const [name, path] of files) {
    if (name?.type !== 'byName') continue;
    // Without a tree to look the name up in, the action itself fails when it is executed.
    if (name.byName.input >= 0) used.read(name.byName.input, { path, followLinks: true });
  }
}

/** Tells whether a path has an unescaped `*`, `?` or `[`. */
export function hasWildcard(path: string): boolean {
  return /^(?:[^\\*?[]|\\.|\\$)*[*?[]/s.test(path);
}

function withoutNestedParts(parts: readonly ContentSelector[]): readonly ContentSelector[] {
  const filtered = (part: ContentSelector): boolean =>
    part.wildcard === true || part.includePatterns !== undefined || part.excludePatterns !== undefined;
  const plain = parts.filter((part) => !filtered(part));
  const literal = withoutNestedPaths(
    plain.filter((part) => part.followLinks !== true).map((part) => part.path),
  );
  const followed = withoutNestedPaths(
    plain.filter((part) => part.followLinks === true).map((part) => part.path),
  );
  const kept: ContentSelector[] = [
    ...literal.map((path) => ({ path })),
    ...followed.map((path) => ({ path, followLinks: true })),
    ...parts.filter(filtered),
  ];
  return kept.sort((a, b) => compareBytes(a.path, b.path));
}

/**
 * Older keys had no indexes, so they are left out for the shape almost every op has. The number of actions, not of
 * inputs, is what BuildKit compares with.
 */
function isUsualChain(actions: readonly FileAction[]): boolean {
  return (
    actions.length > 0 &&
    actions.every(({ input, secondaryInput, output }, at) => {
      const isLast = at === actions.length - 1;
      return (
        input === (at === 0 ? 0 : actions.length + at - 1) &&
        (secondaryInput === -1 || secondaryInput === 1) &&
        output === (isLast ? 0 : -1)
      );
    })
  );
}
