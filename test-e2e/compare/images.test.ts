// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';
import { comparableImage } from './comparable-image.ts';
import type { BuildCase } from './corpus/build-case.ts';
import { copyCases } from './corpus/copy-cases.ts';
import { metadataCases } from './corpus/metadata-cases.ts';
import { stageCases } from './corpus/stage-cases.ts';
import { readDockerArchive } from './docker-archive.ts';
import { type DockerEngine, startDockerEngine } from './docker-engine.ts';
import { recordDigest, sha256, storedRecordDigests } from './stored-keys.ts';

const { busybox, identities, registry } = testRun();
const base = `${registry}/compare/base:1`;
const onbuild = `${registry}/compare/onbuild:1`;
/** The engine builds with `--network none`, a number in the key. */
const NO_NETWORK = 2;

describe('images of img and of the docker engine', () => {
  let engine: DockerEngine;
  let work: Workspace;

  beforeAll(async () => {
    const identity = identities.at(-1);
    if (identity === undefined) throw new Error('there is no user to build as');
    work = openWorkspace(identity);
    engine = await startDockerEngine();
    // The engine leaves the files it mounts a name server's address over; a base that has them hides the difference.
    await publish(base, `FROM ${busybox}\nCOPY Dockerfile /etc/hosts\nCOPY Dockerfile /etc/resolv.conf\n`);
    await publish(
      onbuild,
      `FROM ${base}\nONBUILD WORKDIR /on\nONBUILD COPY . .\nONBUILD RUN echo t > /triggered\n`,
    );
  });

  afterAll(async () => {
    await engine?.stop();
    work.remove();
  });

  async function publish(name: string, dockerfile: string): Promise<void> {
    await work.ok(['build', '-t', name, work.context({ Dockerfile: dockerfile })]);
    await work.ok(['push', name]);
  }

  test.each([...metadataCases, ...copyCases, ...stageCases])('$name', async (given) => {
    const context = prepare(given);
    const name = 'compare/case:1';
    const state = join(work.folder, `state-${Math.random().toString(36).slice(2)}`);
    const args = given.args ?? [];
    await Promise.all([
      engine.build({ context, name, args }),
      work.ok(['build', '-t', name, ...args, context], { state }),
    ]);
    const theirs = readDockerArchive(await engine.save(name));
    const ours = await work.image(name, { state });
    const layers = given.dockerfile.includes('FROM scratch') ? 0 : 3;
    expect(comparableImage(ours, layers)).toEqual(comparableImage(theirs, layers));
    const known = storedRecordDigests(state);
    const foreign = theirs.records.filter(({ digest }) => !known.has(digest));
    // All but these are the same keys as in 2020: commands (see below), owners other than root, whose JSON is spelt
    // `byID` there and `byId` today, files that a stage gave another owner, which was not hashed then, and the
    // content of what wildcards match.
    const changed =
      given.dockerfile.match(
        /^RUN|^FROM ONBUILD|^COPY --from|--chown=|^USER|^WORKDIR|^(COPY|ADD).*[*?[]/gm,
      ) ?? [];
    if (changed.every((text) => text === 'WORKDIR')) expect(foreign).toEqual([]);
    expect(foreign.length).toBeLessThanOrEqual(changed.length);
  });

  test('cache keys of RUN differ from those of 2020 in the clean-up of mount points alone', async () => {
    const context = prepare({
      name: '',
      dockerfile: 'FROM BASE\nENV a=b\nWORKDIR /tmp\nRUN echo hi > /hi\n',
    });
    const name = 'compare/run:1';
    const state = join(work.folder, 'state-run');
    await engine.build({ context, name, args: [] });
    await work.ok(['build', '-t', name, context], { state });
    const meta = {
      args: ['/bin/sh', '-c', 'echo hi > /hi'],
      env: ['PATH=/usr/local/bin:/bin', 'a=b'],
      cwd: '/tmp',
    };
    const theirs = readDockerArchive(await engine.save(name)).records.map(({ digest }) => digest);
    expect(theirs).toContain(runDigest({ meta, network: NO_NETWORK }));
    expect([...storedRecordDigests(state)]).toContain(
      runDigest({ meta: { ...meta, removeMountStubsRecursive: true } }),
    );
  });

  function prepare({ dockerfile, files = {}, prepare: script }: BuildCase): string {
    const text = dockerfile.replaceAll('BASE', base).replaceAll('FROM ONBUILD', `FROM ${onbuild}`);
    const context = work.context({ ...files, Dockerfile: text });
    if (script !== undefined) execFileSync('sh', ['-ec', script], { cwd: context });
    const { uid, gid } = work.identity;
    execFileSync('chown', ['-hR', `${uid}:${gid}`, context]);
    execFileSync('find', [context, '-depth', '-exec', 'touch', '-hd', '@1600000000', '{}', '+']);
    return context;
  }
});

/** The key of a command whose only mount is its root. */
function runDigest(command: Readonly<Record<string, unknown>>): string {
  const platform = { OS: 'linux', Arch: process.arch === 'x64' ? 'amd64' : process.arch };
  const text = JSON.stringify({ Type: 'buildkit.exec.v0', Exec: command, ...platform });
  return recordDigest(sha256(text.replaceAll('>', '\\u003e')), 0);
}
