// SPDX-License-Identifier: MIT
import {
  contentDigest,
  contentRecord,
  fileRecord,
  headerDigest,
  matchesDigest,
  mergeRecord,
  selector,
} from '../key-formulas.ts';
import { content, copy, FROM_CONTEXT, TO_PLACE, TREE } from './key-actions.ts';
import type { KeyCase } from './key-case.ts';

/** Keys of COPY and ADD. */
export const copyKeys: readonly KeyCase[] = [
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
