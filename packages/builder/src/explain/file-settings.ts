// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import type { ChownOpt, FileAction, FileOp, UserOpt } from '@img-build/llb';

/** What COPY, ADD and WORKDIR do and how, as far as their cache key knows. */
export function fileSettings({ actions }: FileOp): Readonly<Record<string, string>> {
  const lists = new Map<string, string[]>();
  for (const action of actions) {
    for (const [name, value] of settingsOf(action)) {
      const list = lists.get(name) ?? [];
      if (!list.includes(value)) list.push(value);
      lists.set(name, list);
    }
  }
  return Object.fromEntries([...lists].map(([name, values]) => [name, values.join(' ')]));
}

type Settings = (readonly [name: string, value: string])[];

function settingsOf(action: FileAction): Settings {
  switch (action.type) {
    case 'copy': {
      const { copy } = action;
      return [
        ['source', copy.src],
        ['destination', copy.dest],
        ...ownerOf(copy.owner),
        ...(copy.modeStr !== '' ? [pair('permissions', copy.modeStr)] : modeOf(copy.mode)),
        ...copy.includePatterns.map((pattern) => pair('included', pattern)),
        ...copy.excludePatterns.map((pattern) => pair('excluded', pattern)),
        ...(copy.attemptUnpackDockerCompatibility ? [pair('unpacking', 'on')] : []),
        ...timeOf(copy.timestamp),
      ];
    }
    case 'mkdir': {
      const { path, mode, owner, timestamp } = action.mkdir;
      // Dockerfiles make folders with WORKDIR alone; commands after it know the folder by the same name.
      return [['workdir', path], ...modeOf(mode), ...ownerOf(owner), ...timeOf(timestamp)];
    }
    case 'mkfile': {
      const { path, mode, owner, timestamp, data } = action.mkfile;
      const content = createHash('sha256').update(data).digest('hex').slice(0, 16);
      return [['path', path], ['text', content], ...modeOf(mode), ...ownerOf(owner), ...timeOf(timestamp)];
    }
    case 'rm':
      return [['removed path', action.rm.path]];
    case 'symlink':
      return [['link', `${action.symlink.newpath} → ${action.symlink.oldpath}`]];
  }
}

function pair(name: string, value: string): readonly [string, string] {
  return [name, value];
}

function modeOf(mode: number): Settings {
  return mode < 0 ? [] : [['permissions', mode.toString(8).padStart(4, '0')]];
}

function timeOf(timestamp: bigint): Settings {
  return timestamp < 0n ? [] : [['SOURCE_DATE_EPOCH', String(timestamp / 1_000_000_000n)]];
}

function ownerOf(owner: ChownOpt | undefined): Settings {
  if (owner === undefined) return [];
  const { user, group } = owner;
  return [['owner', [user, group].flatMap((id) => (id === undefined ? [] : [idText(id)])).join(':')]];
}

function idText(id: UserOpt): string {
  return id.type === 'byID' ? String(id.byID) : id.byName.name;
}
