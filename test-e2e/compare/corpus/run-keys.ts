// SPDX-License-Identifier: MIT
import {
  contentDigest,
  contentRecord,
  execRecord,
  fileRecord,
  type HashedEntry,
  matchesDigest,
  selector,
} from '../key-formulas.ts';
import { all, content, copy, DIGEST_OF_NOTHING, ENV, meta, ROOT, SHELL, TREE } from './key-actions.ts';
import type { KeyCase } from './key-case.ts';

/** Keys of RUN. */
export const runKeys: readonly KeyCase[] = [
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
