// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';
import { type DockerEngine, startDockerEngine } from './docker-engine.ts';

const { busybox, identities, registry } = testRun();

// Commands are not among them: since 2020 their keys say how mount points are cleaned up.
const DOCKERFILE = `FROM ${busybox}
WORKDIR /app
COPY a.txt .
COPY dir tree/
COPY --chown=0:0 a.txt dir/ many/
`;
const FILES = { 'a.txt': 'a\n', 'dir/one': '1\n', 'dir/sub/two': '2\n' };

describe('inline caches between img and the docker engine', () => {
  let engine: DockerEngine;
  let work: Workspace;
  let context: string;

  beforeAll(async () => {
    const identity = identities.at(-1);
    if (identity === undefined) throw new Error('there is no user to build as');
    work = openWorkspace(identity);
    context = work.context({ ...FILES, Dockerfile: DOCKERFILE });
    engine = await startDockerEngine();
  });

  afterAll(async () => {
    await engine?.stop();
    work.remove();
  });

  test('what docker built is not built again', async () => {
    const name = `${registry}/exchange/docker:1`;
    await engine.build({ context, name, args: [] });
    await engine.push(name);
    const { stderr } = await work.ok(
      ['build', '--progress', 'plain', '--cache-from', name, '-t', 'exchanged', context],
      { state: join(work.folder, 'from-docker') },
    );
    expect(cachedSteps(stderr)).toEqual(['1/5', '2/5', '3/5', '4/5', '5/5']);
    const image = await work.image('exchanged', { state: join(work.folder, 'from-docker') });
    expect(image.files.get('app/tree/sub/two')?.content.toString()).toBe('2\n');
  });

  test.each([
    ['docker', 'oci-mediatypes=false'],
    ['index', 'image-manifest=false'],
  ])('a cache that img wrote as %s serves docker', async (tag, options) => {
    // An engine of 2020 does not know caches that are image manifests.
    const ref = `${registry}/exchange/cache:${tag}`;
    const state = join(work.folder, 'to-docker');
    await work.ok(['build', '--cache-to', `type=registry,ref=${ref},mode=max,${options}`, context], {
      state,
    });
    const output = await engine.buildFrom({ context, name: 'exchanged:1', cache: ref });
    expect(cachedSteps(output)).toEqual(['2/5', '3/5', '4/5', '5/5']);
  });

  test('what img built is not built again by docker', async () => {
    const name = `${registry}/exchange/img:1`;
    const state = join(work.folder, 'to-docker');
    await work.ok(['build', '-t', name, '--cache-to', 'type=inline', '--push', context], { state });
    const output = await engine.buildFrom({ context, name: 'exchanged:1', cache: name });
    expect(cachedSteps(output)).toEqual(['2/5', '3/5', '4/5', '5/5']);
  });
});

/** Numbers of the steps that plain progress says were cached. */
function cachedSteps(progress: string): readonly string[] {
  const names = new Map([...progress.matchAll(/^#(\d+) \[(\d\/\d)\]/gm)].map(([, id, step]) => [id, step]));
  const cached = [...progress.matchAll(/^#(\d+) CACHED/gm)].flatMap(([, id]) => names.get(id) ?? []);
  return cached.sort();
}
