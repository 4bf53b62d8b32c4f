// SPDX-License-Identifier: MIT

import { copyFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeDebianRoot } from '../support/debian-root.ts';
import { textOf } from '../support/image.ts';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { identities, registry } = testRun();
const BASE = `${registry}/base/debian:stable`;

const APP = `FROM ${BASE} AS build
RUN mkdir -p /pkg/DEBIAN /pkg/usr/bin && printf 'Package: greet\\nVersion: 1.0\\nArchitecture: all\\nMaintainer: a <a@b.c>\\nDescription: greets\\n' >/pkg/DEBIAN/control
COPY --chmod=755 greet /pkg/usr/bin/
RUN dpkg-deb --root-owner-group --build /pkg /greet.deb

FROM ${BASE}
RUN --mount=type=bind,from=build,source=/greet.deb,target=/greet.deb dpkg -i /greet.deb
RUN useradd --create-home --shell /bin/bash ada && su ada -c 'id -un >/home/ada/who && umask >>/home/ada/who'
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
RUN words=(one two three); echo "\${#words[@]}" | tee /count
RUN chown -R 70000:1 /home/ada/who 2>/dev/null || chown -R 60000:60000 /home/ada/who
RUN apt-get --version >/apt-version && dpkg --verify >/verified || true
USER ada
CMD ["greet"]
`;

describe('images on Debian', () => {
  const workspaces: Workspace[] = [];
  let tar: string;

  beforeAll(async () => {
    // Bootstrapped once; as every base it reaches the registry through our own client.
    tar = await makeDebianRoot([]);
    const [user] = identities.toReversed();
    if (user === undefined) throw new Error('nobody to build as');
    const work = openWorkspace(user);
    const context = work.context({ Dockerfile: 'FROM scratch\nADD root.tar /\nCMD ["bash"]\n' });
    copyFileSync(tar, join(context, 'root.tar'));
    await work.ok(['build', '-t', BASE, context]);
    await work.ok(['push', BASE]);
    work.remove();
  }, 300_000);

  afterAll(() => {
    for (const work of workspaces) work.remove();
    rmSync(dirname(tar), { recursive: true, force: true });
  });

  test.each(identities)('install packages, add users and run as them, built as $kind', async (identity) => {
    const work = openWorkspace(identity);
    workspaces.push(work);
    const image = await work.build({ Dockerfile: APP, greet: '#!/bin/sh\necho hello\n' });

    expect(textOf(image, 'home/ada/who')).toBe('ada\n0022\n');
    expect(textOf(image, 'count')).toBe('3\n');
    expect(textOf(image, 'apt-version')).toMatch(/^apt \d/);
    expect(textOf(image, 'var/lib/dpkg/status')).toContain('Package: greet\nStatus: install ok installed\n');
    expect(image.files.get('usr/bin/greet')).toMatchObject({ mode: 0o755, uid: 0, gid: 0 });
    expect(image.files.get('usr/bin/su')?.mode).toBe(0o4755);
    expect(image.config.config).toMatchObject({ User: 'ada', Cmd: ['greet'] });
  });
});
