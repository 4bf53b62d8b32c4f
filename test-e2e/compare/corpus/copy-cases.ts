// SPDX-License-Identifier: MIT
import type { BuildCase } from './build-case.ts';

const TREE = {
  'a.txt': 'a\n',
  'b.txt': 'bb\n',
  'c.md': 'ccc\n',
  'dir/one': '1\n',
  'dir/sub/two': '2\n',
  'dir/sub/deep/three': '3\n',
};

/** COPY and ADD of files and folders. */
export const copyCases: readonly BuildCase[] = [
  {
    name: 'files and folders to all kinds of targets',
    files: TREE,
    dockerfile: `FROM BASE
COPY a.txt /file
COPY a.txt /folder/
COPY a.txt b.txt /several/
COPY dir /tree
COPY dir/ /slash/
COPY dir/sub dir/one /mixed/
COPY ./dir/../a.txt /dotted
WORKDIR /here
COPY a.txt .
COPY b.txt sub/
COPY c.md ../up.md
COPY . /all/
COPY / /root-of-context
ADD a.txt dir /added/
COPY ["a.txt", "/json form"]
`,
  },
  {
    name: 'wildcards',
    files: { ...TREE, 'd[1].txt': 'd\n', 'x/a.log': '1', 'y/a.log': '2', 'y/b.log': '3' },
    dockerfile: String.raw`FROM BASE
COPY *.txt /txt/
COPY ?.md /one
COPY d*/ /dirs/
COPY */a.log /logs/
COPY [ab].txt /class/
COPY d[[]1].txt /bracket/
ADD dir/s*/t* /t/
COPY y* /y/
`,
  },
  {
    name: 'owners by name, number and group',
    files: TREE,
    dockerfile: `FROM BASE
COPY --chown=app a.txt /owned/app
COPY --chown=app:staff dir /owned/dir
COPY --chown=12:34 dir/ /owned/numbers/
COPY --chown=7 a.txt /owned/seven
COPY --chown=:staff a.txt /owned/group
COPY --chown=0:staff a.txt b.txt /owned/zero/
COPY --chown=daemon:9 dir /new/parent/below
ADD --chown=nobody:nogroup *.txt /owned/added/
USER app
COPY a.txt /owned/still-root
`,
  },
  {
    name: 'modes, times and kinds of files',
    files: { f: 'f\n', suid: 's\n', 'private/key': 'k\n', 'tool.sh': '#!/bin/sh\n' },
    prepare: `chmod 4755 suid; chmod 600 private/key; chmod 700 private; chmod 755 tool.sh; chmod 444 f
mkdir empty sticky setgid; chmod 1777 sticky; chmod 2775 setgid; ln f hard; ln f private/hard`,
    dockerfile: `FROM BASE
COPY . /all/
COPY private /p
COPY tool.sh suid /bin2/
COPY empty /e
COPY sticky setgid /dirs/
`,
  },
  {
    name: 'symbolic links of the context',
    files: { ...TREE, 'real/file': 'real\n' },
    prepare: `ln -s a.txt to-file; ln -s real to-dir; ln -s nowhere dangling; ln -s ../a.txt dir/up; ln -s /etc/passwd absolute
ln -s sub/two dir/down; ln -s to-dir to-link; mkdir links; ln -s ../real/file links/f`,
    dockerfile: `FROM BASE
COPY to-file /f
COPY to-file /folder/
COPY to-dir /d
COPY to-dir/ /d2/
COPY to-dir/file /through
COPY to-link/file /through2
COPY dir /dir
COPY links /links
COPY links/f /links-f
COPY . /all
COPY to-* /wild/
`,
  },
  {
    name: 'symbolic links of the image',
    files: TREE,
    dockerfile: `FROM BASE
RUN mkdir -p /real/sub /other && ln -s /real /abs && ln -s real /rel && ln -s ../other /real/out && echo old > /real/target && ln -s /real/target /to-file && ln -s missing /dangling
COPY a.txt /abs/
COPY b.txt /rel/named
COPY dir /abs/sub/
COPY c.md /rel/out/
COPY a.txt /to-file
COPY dir /rel/dir
WORKDIR /abs/made
COPY a.txt below/
`,
  },
  {
    name: 'what is there already',
    files: { ...TREE, 'm/exists': 'new\n', 'm/dir/x': 'x\n', 'm2/f': 'f\n' },
    prepare: 'chmod 700 m/dir; chmod 777 m2',
    dockerfile: `FROM BASE
RUN mkdir -p /t/dir && chmod 711 /t /t/dir && echo old > /t/exists && chown 5:6 /t /t/exists /t/dir && echo old > /t/stays
COPY m /t
COPY m/exists /t/stays
COPY --chown=8:9 m2 /t
COPY a.txt /etc/hostname2
COPY dir /t/dir
`,
  },
  {
    name: 'names that need care',
    files: {
      'with space': '1',
      'ünï-cødé': '2',
      'quote\'s "q"': '3',
      '-dash': '4',
      'dir x/$var': '5',
      'back\\slash': '6',
      '#hash': '8',
    },
    dockerfile: String.raw`FROM BASE
COPY ["with space", "ünï-cødé", "/n/"]
COPY . /all/
COPY ["dir x", "/dir x/"]
COPY -dash /dash
COPY ["dir x/\\$var", "/var"]
`,
  },
  {
    name: 'an image of files only',
    files: TREE,
    dockerfile: 'FROM scratch\nCOPY dir /\nCOPY a.txt /etc/\nADD b.txt /b\nWORKDIR /w\nUSER 5\nCMD ["/b"]\n',
  },
  {
    name: 'the ignore file',
    files: {
      ...TREE,
      '.dockerignore':
        '# comment\n*.md\n!keep.md\n**/*.log\ndir/sub\n!dir/sub/deep\n/rooted\n  spaced.txt  \nfolder/\n.git\nDockerfile\n.dockerignore\na?.tmp\n!a2.tmp\n',
      'keep.md': 'k',
      'x.log': 'x',
      'n/x.log': 'x',
      'n/keep': 'k',
      rooted: 'r',
      'n/rooted': 'r',
      'spaced.txt': 's',
      'folder/f': 'f',
      '.git/HEAD': 'h',
      'a1.tmp': '1',
      'a2.tmp': '2',
      'n/folder/g': 'g',
    },
    dockerfile: 'FROM BASE\nCOPY . /all/\nCOPY *.md /md/\nCOPY dir /dir\n',
  },
  {
    name: 'an ignore file that lets only some paths through',
    files: { ...TREE, '.dockerignore': '*\n!dir/sub\n!*.md\n', 'src/index.js': 'i' },
    dockerfile: 'FROM BASE\nCOPY . /all/\nCOPY dir/sub/two /two\n',
  },
];
