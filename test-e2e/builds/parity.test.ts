// SPDX-License-Identifier: MIT

import { execFileSync } from 'node:child_process';
import { chmodSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { Image } from '../support/image.ts';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';
import { writeTar } from '../support/write-tar.ts';

const { busybox, identities } = testRun();

const BACKENDS = ['overlayfs', 'native'] as const;
// Everything later was made by the builds and not by the test.
const STARTED = Date.now() / 1000 - 60;
const EPOCH = '1700000000';
// cap_net_bind_service=ep
const CAPABILITY = Buffer.from('0100000200040000000000000000000000000000', 'hex');

const RICH = `FROM ${busybox} AS build
WORKDIR /src
COPY --chown=app:staff tree ./
RUN set -e; mkdir -p out/deep lower/gone; echo one >out/one; ln out/one out/hard; ln -s ../one out/deep/soft; \\
    mkfifo out/pipe; chown 12:34 out/one; chown -h 56:78 out/deep/soft; chmod 4751 out/one; chmod 1777 out/deep; \\
    echo 1 >lower/gone/file; echo 2 >lower/kept; : >out/empty; head -c 100000 /dev/zero >out/big
RUN set -e; rm -r lower/gone; mkdir lower/gone; echo again >lower/gone/other; rm out/empty; chmod 600 out/big; \\
    mv lower/kept lower/moved; chown 3000:3001 out; rm -r /home; mkdir /home; rm /bin/yes; echo late >>lower/moved
FROM ${busybox}
ADD special.tar /special/
COPY --from=build /src /copied
COPY --from=build --chown=7 /src/out/deep /parents/made/deep
COPY --chmod=2755 script.sh link /bin/
WORKDIR /made/workdir
USER app
RUN touch /tmp/mine && mkdir -m 700 /tmp/private
USER 0
LABEL kind=parity
EXPOSE 80
VOLUME /volume
HEALTHCHECK CMD true
CMD ["sh"]
`;

// Every time in it is fixed, so that even the digests have to be equal: a copied folder has the time of its source.
const FIXED = `FROM ${busybox}
COPY fixed /fixed
RUN mkdir /bin/made && echo x >/bin/made/file && chown -R 10:20 /bin/made && rm /bin/yes && touch -d @1650000000 /bin/made/file /bin/made /bin
CMD ["/fixed/script.sh"]
`;

interface Variant {
  readonly name: string;
  readonly rich: Image;
  readonly fixed: Image;
}

/** An entry without what has to differ: bytes as text, times of this run as one word. */
function comparable(image: Image): unknown {
  const layers = image.layers.map((layer) =>
    layer.map(({ content, mtime, ...rest }) => ({
      ...rest,
      content: content.toString('latin1').slice(0, 2000),
      size: content.length,
      mtime: Number(mtime) > STARTED ? 'now' : mtime,
    })),
  );
  const { rootfs: _, ...config } = image.config;
  return { config, layers };
}

describe('the same Dockerfile gives the same image', () => {
  const workspaces: Workspace[] = [];
  const variants: Promise<readonly Variant[]> = buildAll();

  afterAll(() => {
    for (const work of workspaces) work.remove();
  });

  async function buildAll(): Promise<readonly Variant[]> {
    const all: Variant[] = [];
    for (const identity of identities) {
      const work = openWorkspace(identity);
      workspaces.push(work);
      const context = prepare(work);
      for (const backend of BACKENDS) {
        const options = { backend, state: join(work.folder, backend), env: { SOURCE_DATE_EPOCH: EPOCH } };
        await work.ok(['build', '-t', 'rich', '-f', join(context, 'Rich'), context], options);
        await work.ok(['build', '-t', 'fixed', '-f', join(context, 'Fixed'), context], options);
        all.push({
          name: `${identity.kind} on ${backend}`,
          rich: await work.image('rich', options),
          fixed: await work.image('fixed', options),
        });
      }
    }
    return all;
  }

  function prepare(work: Workspace): string {
    const special = writeTar([
      {
        path: 'capable',
        mode: 0o755,
        content: 'x',
        xattrs: { 'security.capability': CAPABILITY, 'user.note': Buffer.from('text') },
      },
      { path: 'owned', uid: 1234, gid: 60_000, mode: 0o6755, content: 'y' },
      { path: 'folder/', flag: '5', mode: 0o1770, uid: 9, gid: 9 },
      { path: 'folder/link', flag: '2', target: '../owned', uid: 5 },
      { path: 'again', flag: '1', target: 'owned' },
    ]);
    const context = work.context({
      'tree/a': 'a',
      'tree/sub/b': 'b',
      'script.sh': '#!/bin/sh\n',
      'fixed/script.sh': '#!/bin/sh\n',
      'special.tar': special,
      Rich: RICH,
      Fixed: FIXED,
    });
    symlinkSync('script.sh', join(context, 'link'));
    symlinkSync('nowhere', join(context, 'tree/dangling'));
    chmodSync(join(context, 'tree/a'), 0o640);
    chmodSync(join(context, 'tree/sub'), 0o750);
    chmodSync(join(context, 'script.sh'), 0o755);
    execFileSync('setfattr', ['-n', 'user.origin', '-v', 'context', join(context, 'tree/sub/b')]);
    chmodSync(join(context, 'fixed/script.sh'), 0o755);
    for (const path of ['tree/a', 'tree/sub/b', 'tree/sub', 'tree', 'script.sh', 'fixed/script.sh', 'fixed'])
      utimesSync(join(context, path), 1_234_567_890.25, 1_234_567_890.25);
    return context;
  }

  test('file by file, whoever builds it and on whatever backend', async () => {
    const [first, ...others] = await variants;

    expect(others).toHaveLength(identities.length * BACKENDS.length - 1);
    for (const other of others) {
      expect({ name: first?.name, ...(comparable(other.rich) as object) }).toEqual({
        name: first?.name,
        ...(first && (comparable(first.rich) as object)),
      });
    }
  });

  test('with the files and attributes that were asked for', async () => {
    for (const { rich } of await variants) {
      const at = (path: string): unknown => rich.files.get(path);
      expect(at('special/capable')).toMatchObject({
        mode: 0o755,
        xattrs: { 'security.capability': CAPABILITY.toString('latin1'), 'user.note': 'text' },
      });
      expect(at('special/owned')).toMatchObject({
        mode: 0o6755,
        uid: 1234,
        gid: 60_000,
        mtime: '1600000000',
      });
      expect(at('special/folder')).toMatchObject({ type: 'folder', mode: 0o1770, uid: 9 });
      expect(at('copied/a')).toMatchObject({ mode: 0o640, uid: 1000, gid: 50, mtime: '1234567890' });
      expect(at('copied/sub')).toMatchObject({ mode: 0o750, mtime: '1234567890' });
      expect(at('copied/sub/b')).toMatchObject({ xattrs: { 'user.origin': 'context' } });
      expect(at('copied/dangling')).toMatchObject({ type: 'symlink', target: 'nowhere' });
      expect(at('copied/out/one')).toMatchObject({ mode: 0o4751, uid: 12, gid: 34 });
      expect(at('copied/out/deep')).toMatchObject({ mode: 0o1777 });
      expect(at('copied/out/deep/soft')).toMatchObject({ type: 'symlink', uid: 56, gid: 78 });
      expect(at('copied/lower/moved')).toMatchObject({ content: Buffer.from('2\nlate\n') });
      expect(at('parents/made/deep/soft')).toMatchObject({ uid: 7 });
      expect(at('tmp/private')).toMatchObject({ mode: 0o700, uid: 1000, gid: 1001 });
    }
  });

  test('digest by digest, when all times are fixed', async () => {
    const digests = (await variants).map(({ name, fixed }) => [
      name,
      fixed.config.rootfs.diff_ids,
      fixed.digest,
    ]);

    expect(digests).toEqual(digests.map(([name]) => [name, digests[0]?.[1], digests[0]?.[2]]));
  });
});
