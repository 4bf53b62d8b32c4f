// SPDX-License-Identifier: MIT

import {
  contentDigest,
  contentRecord,
  execRecord,
  fileRecord,
  type HashedEntry,
  headerDigest,
  matchesDigest,
  mergeRecord,
  selector,
} from '../key-formulas.ts';
import type { ExpectedKeys, KeySource } from '../keys.test.ts';

/** A build and the keys it must leave. */
export interface KeyCase {
  readonly name: string;
  /** `BASE` stands for the base image. */
  readonly dockerfile: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly links?: Readonly<Record<string, string>>;
  readonly modes?: Readonly<Record<string, number>>;
  readonly args?: readonly string[];
  keys(expected: ExpectedKeys): void;
}

const ENV = ['PATH=/usr/local/bin:/bin'];
const ROOT = selector('/');
const SHELL = (line: string): string[] => ['/bin/sh', '-c', line];
const DIGEST_OF_NOTHING = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** Members of `meta`, in their order. */
function meta(args: readonly string[], more: { env?: readonly string[]; cwd?: string; user?: string } = {}) {
  const { env = ENV, cwd = '/', user } = more;
  return { args, env, cwd, ...(user === undefined ? {} : { user }), removeMountStubsRecursive: true };
}

const FROM_CONTEXT = {
  followSymlink: true,
  dirCopyContents: true,
};
const TO_PLACE = { createDestPath: true, allowWildcard: true, allowEmptyWildcard: true, timestamp: -1 };

/** The action of a COPY without flags. */
function copy(src: string, dest: string, more: { owner?: object; mode?: number; exclude?: string[] } = {}) {
  const { owner, mode = -1, exclude } = more;
  return {
    src,
    dest,
    ...(owner === undefined ? {} : { owner }),
    mode,
    ...FROM_CONTEXT,
    ...TO_PLACE,
    ...(exclude === undefined ? {} : { exclude_patterns: exclude }),
  };
}

const all = (records: readonly string[], select: string): readonly KeySource[] =>
  records.map((record) => [record, select] as const);
const content = (entry: HashedEntry): string => contentRecord(contentDigest(entry));
const TREE = { 'a.txt': 'a\n', 'b.txt': 'bb\n', 'dir/one': '1\n', 'dir/sub/two': '2\n', 'dir/x.md': 'm\n' };

/** RUN. */
const runCases: readonly KeyCase[] = [
  {
    name: 'FROM and RUN: both keys of the image lead to the command',
    dockerfile: 'FROM BASE\nRUN echo "<hi> & bye" > /x\nRUN ["true"]\n',
    keys({ base, step }) {
      const first = step(execRecord({ meta: meta(SHELL('echo "<hi> & bye" > /x')) }), all(base, ROOT));
      step(execRecord({ meta: meta(['true']) }), [[first, ROOT]]);
    },
  },
  {
    name: 'WORKDIR, ENV, USER and the network of RUN',
    dockerfile: 'FROM BASE\nENV A=b C="d e"\nWORKDIR /app/src\nUSER 7:8\nRUN --network=none true\n',
    keys({ base, step }) {
      const made = step(
        fileRecord([{ path: '/app/src', mode: 0o755, makeParents: true, timestamp: -1 }]),
        base,
      );
      const env = [...ENV, 'A=b', 'C=d e'];
      const command = { meta: meta(SHELL('true'), { env, cwd: '/app/src', user: '7:8' }), network: 2 };
      step(execRecord(command), [[made, ROOT]]);
    },
  },
  {
    name: 'cache mounts: the name counts only where it is the target',
    dockerfile:
      'FROM BASE\nRUN --mount=type=cache,target=/c true\nRUN --mount=type=cache,id=go,target=/c true\n' +
      'RUN --mount=type=cache,target=/c,sharing=locked :\n',
    keys({ base, step }) {
      const mounted = (line: string, cacheOpt: object) =>
        execRecord({
          meta: meta(SHELL(line)),
          mounts: [{ dest: '/' }, { input: -1, dest: '/c', output: -1, mountType: 3, cacheOpt }],
        });
      const first = step(mounted('true', { ID: '//c' }), all(base, ROOT));
      const second = step(mounted('true', {}), [[first, ROOT]]);
      step(mounted(':', {}), [[second, ROOT]]);
    },
  },
  {
    name: 'tmpfs, secrets and ssh count by what they are, not by what they hold',
    dockerfile:
      'FROM BASE\nRUN --mount=type=tmpfs,target=/t,size=1m --mount=type=secret,id=s,uid=5 --mount=type=ssh true\n' +
      'RUN --mount=type=secret,id=tok,env=TOK true\n',
    keys({ base, step }) {
      const env = [...ENV, 'SSH_AUTH_SOCK=/run/buildkit/ssh_agent.0'];
      const mounts = [
        { dest: '/' },
        { input: -1, dest: '/t', output: -1, mountType: 4, TmpfsOpt: { size: 1_048_576 } },
        {
          input: -1,
          dest: '/run/secrets/s',
          mountType: 1,
          secretOpt: { ID: 's', uid: 5, mode: 0o400, optional: true },
        },
        {
          input: -1,
          dest: '/run/buildkit/ssh_agent.0',
          mountType: 2,
          SSHOpt: { ID: 'default', mode: 0o600, optional: true },
        },
      ];
      const first = step(execRecord({ meta: meta(SHELL('true'), { env }), mounts }), all(base, ROOT));
      const secretenv = [{ ID: 'tok', name: 'TOK', optional: true }];
      step(execRecord({ meta: meta(SHELL('true')), secretenv }), [[first, ROOT]]);
    },
  },
  {
    name: 'bind mounts of the context and of a stage are keyed by content',
    files: TREE,
    dockerfile:
      'FROM BASE AS made\nCOPY a.txt /q\nFROM BASE\n' +
      'RUN --mount=target=/src --mount=from=made,source=/q,target=/m true\nRUN --mount=source=dir,target=/d true\n',
    keys({ base, step, entry }) {
      const file = content(entry('a.txt'));
      const made = step(fileRecord([copy('a.txt', '/q')]), base, [file]);
      const bind = (input: number, dest: string) => ({ input, dest, output: -1, readonly: true });
      const { children = {} } = entry('.');
      const parts = Object.entries(children)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, child]) => [name, contentDigest(child)] as const);
      const whole = contentRecord(matchesDigest([['', DIGEST_OF_NOTHING], ...parts]));
      const first = step(
        execRecord({ meta: meta(SHELL('true')), mounts: [{ dest: '/' }, bind(1, '/m'), bind(2, '/src')] }),
        all(base, ROOT),
        [[made, selector('/q')], file],
        [whole],
      );
      step(
        execRecord({ meta: meta(SHELL('true')), mounts: [{ dest: '/' }, bind(1, '/d')] }),
        [[first, ROOT]],
        [content(entry('dir'))],
      );
    },
  },
  {
    name: 'heredocs of RUN: a shell line, and a script of its own',
    dockerfile: 'FROM BASE\nRUN <<EOF\ntrue\n:\nEOF\nRUN <<SCRIPT\n#!/bin/sh\ntrue\nSCRIPT\n',
    keys({ base, step }) {
      const first = step(execRecord({ meta: meta(SHELL('true\n:\n')) }), all(base, ROOT));
      const text = '#!/bin/sh\ntrue\n';
      const data = Buffer.from(text).toString('base64');
      const script = step(fileRecord([{ path: '/SCRIPT', mode: 0o755, data, timestamp: -1 }], [[-1, -1, 0]]));
      const folder: HashedEntry = { mode: 0o755, children: { SCRIPT: { mode: 0o755, data: text } } };
      step(
        execRecord({
          meta: meta(SHELL('/dev/pipes/SCRIPT')),
          mounts: [{ dest: '/' }, { input: 1, dest: '/dev/pipes/', output: -1, readonly: true }],
        }),
        [[first, ROOT]],
        [[script, ROOT], content(folder)],
      );
    },
  },
];

/** COPY and ADD. */
const copyCases: readonly KeyCase[] = [
  {
    name: 'COPY of a file, and of a folder with links, by content',
    files: TREE,
    links: { 'dir/link': 'one', 'dir/broken': '/nowhere', way: 'dir' },
    modes: { 'a.txt': 0o4755, 'dir/sub': 0o1777 },
    dockerfile: 'FROM BASE\nCOPY a.txt /x/\nCOPY dir /tree\nCOPY way/sub/two /two\n',
    keys({ base, step, entry }) {
      const first = step(fileRecord([copy('a.txt', '/x/')]), base, [content(entry('a.txt'))]);
      const second = step(fileRecord([copy('dir', '/tree')]), [first], [content(entry('dir'))]);
      step(fileRecord([copy('two', '/two')]), [second], [content(entry('dir/sub/two'))]);
    },
  },
  {
    name: 'COPY of what a wildcard matches, and of a folder without what is excluded',
    files: TREE,
    dockerfile: '# syntax=docker/dockerfile:1-labs\nFROM BASE\nCOPY *.txt /t/\nCOPY --exclude=*.md dir /e/\n',
    keys({ base, step, entry }) {
      const texts = ['a.txt', 'b.txt'].map((name) => [name, contentDigest(entry(name))] as const);
      const first = step(fileRecord([copy('*.txt', '/t/')]), base, [contentRecord(matchesDigest(texts))]);
      const kept = ['', 'one', 'sub', 'sub/two'].map(
        (name) => [name, headerDigest(entry(`dir/${name}`))] as const,
      );
      step(
        fileRecord([copy('dir', '/e/', { exclude: ['*.md'] })]),
        [first],
        [contentRecord(matchesDigest(kept))],
      );
    },
  },
  {
    name: 'owner and mode of COPY; number 0 has no number',
    files: TREE,
    dockerfile: 'FROM BASE\nCOPY --chown=12:34 --chmod=640 a.txt /f\nADD --chown=root:0 b.txt /g\n',
    keys({ base, step, entry }) {
      const owner = { user: { User: { byId: 12 } }, group: { User: { byId: 34 } } };
      const first = step(fileRecord([copy('a.txt', '/f', { owner, mode: 0o640 })]), base, [
        content(entry('a.txt')),
      ]);
      const root = { user: { User: {} }, group: { User: {} } };
      const add = {
        src: 'b.txt',
        dest: '/g',
        owner: root,
        mode: -1,
        ...FROM_CONTEXT,
        attemptUnpackDockerCompatibility: true,
        ...TO_PLACE,
      };
      step(fileRecord([add]), [first], [content(entry('b.txt'))]);
    },
  },
  {
    name: 'several sources are several actions of one step',
    files: TREE,
    dockerfile: 'FROM BASE\nCOPY b.txt a.txt /several/\n',
    keys({ base, step, entry }) {
      const both = [contentDigest(entry('a.txt')), contentDigest(entry('b.txt'))];
      step(fileRecord([copy('b.txt', '/several/'), copy('a.txt', '/several/')]), base, [
        contentRecord(...both),
      ]);
    },
  },
  {
    name: 'COPY --link merges a layer that knows no base',
    files: TREE,
    dockerfile: 'FROM BASE\nCOPY --link a.txt /x/\n',
    keys({ base, step, entry }) {
      const layer = step(fileRecord([copy('a.txt', '/x/')], [[-1, 0, 0]]), [content(entry('a.txt'))]);
      step(mergeRecord(), base, [layer]);
    },
  },
  {
    name: 'COPY --from a stage: by what it is, and by content with its owner',
    files: TREE,
    dockerfile: 'FROM BASE AS made\nCOPY --chown=12:34 a.txt /q/\nFROM BASE\nCOPY --from=made /q/a.txt /w\n',
    keys({ base, step, entry }) {
      const file = entry('a.txt');
      const owner = { user: { User: { byId: 12 } }, group: { User: { byId: 34 } } };
      const made = step(fileRecord([copy('a.txt', '/q/', { owner })]), base, [content(file)]);
      step(fileRecord([copy('a.txt', '/w')]), base, [
        [made, selector('/q/a.txt')],
        content({ ...file, uid: 12, gid: 34 }),
      ]);
    },
  },
  {
    name: 'COPY of a heredoc',
    dockerfile: 'FROM BASE\nCOPY <<one.txt <<two.txt /docs/\n1\none.txt\n2\ntwo.txt\n',
    keys({ base, step }) {
      const document = (name: string, text: string) =>
        step(
          fileRecord(
            [{ path: `/${name}`, mode: 0o644, data: Buffer.from(text).toString('base64'), timestamp: -1 }],
            [[-1, -1, 0]],
          ),
        );
      const inline = (src: string) => ({
        src,
        dest: '/docs/',
        mode: -1,
        createDestPath: true,
        timestamp: -1,
      });
      const [one, two] = [document('one.txt', '1\n'), document('two.txt', '2\n')];
      step(
        fileRecord(
          [inline('one.txt'), inline('two.txt')],
          [
            [0, 1, -1],
            [3, 2, 0],
          ],
        ),
        base,
        [[one, selector('/one.txt')], content({ mode: 0o644, data: '1\n' })],
        [[two, selector('/two.txt')], content({ mode: 0o644, data: '2\n' })],
      );
    },
  },
];

/** Builds whose keys are spelled out. */
export const keyCases: readonly KeyCase[] = [...runCases, ...copyCases];
