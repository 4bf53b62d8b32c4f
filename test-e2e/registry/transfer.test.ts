// SPDX-License-Identifier: MIT
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readRequests } from '../support/registry.ts';
import { must } from '../support/run.ts';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { busybox, identities, registry, registryLog } = testRun();

describe.each(identities)('push and pull as $kind', (identity) => {
  let work: Workspace;
  const name = `${registry}/transfer/${identity.kind}:1`;

  beforeAll(() => {
    work = openWorkspace(identity);
  });

  afterAll(() => {
    work.remove();
  });

  test('what was pushed is pulled elsewhere, bit for bit', async () => {
    const built = await work.build({ Dockerfile: `FROM ${busybox}\nRUN echo pushed >/pushed\n` }, [
      '-t',
      name,
    ]);
    await work.ok(['push', name]);
    const elsewhere = `${work.folder}/elsewhere`;
    const pulled = await work.ok(['pull', name], { state: elsewhere });

    expect(pulled.stdout).toContain(`Snapshot ref: ${built.digest}\n`);
    const image = await work.image(name, { state: elsewhere });
    expect(image.config).toEqual(built.config);
    expect(image.manifest).toEqual(built.manifest);
    expect(image.files.get('pushed')?.content.toString()).toBe('pushed\n');
  });

  test('other clients read what was pushed', async () => {
    const { stdout } = await must('skopeo', ['inspect', '--tls-verify=false', `docker://${name}`]);
    const image = await work.image(name);

    expect(JSON.parse(stdout)).toMatchObject({
      Digest: image.digest,
      Architecture: image.config.architecture,
      Env: image.config.config['Env'],
    });
  });

  test('an image is found by its digest, and built upon', async () => {
    const { digest } = await work.image(name);
    const byDigest = `${registry}/transfer/${identity.kind}@${digest}`;
    const image = await work.build({ Dockerfile: `FROM ${byDigest}\nRUN cat /pushed >/again\n` }, [], {
      state: `${work.folder}/fresh`,
    });

    expect(image.files.get('again')?.content.toString()).toBe('pushed\n');
    expect((await work.ok(['pull', byDigest], { state: `${work.folder}/third` })).stdout).toContain(digest);
  });

  test('type=registry and push=true push while they build', async () => {
    const context = work.context({ Dockerfile: 'FROM scratch\nCOPY f /f\n', f: identity.kind });
    await work.ok(['build', '-t', `${registry}/direct/${identity.kind}:a`, '-o', 'type=registry', context]);
    await work.ok([
      'build',
      '-o',
      `type=image,name=${registry}/direct/${identity.kind}:b,push=true`,
      context,
    ]);

    const { stdout } = await must('skopeo', [
      'list-tags',
      '--tls-verify=false',
      `docker://${registry}/direct/${identity.kind}`,
    ]);
    expect((JSON.parse(stdout) as { Tags: string[] }).Tags.toSorted()).toEqual(['a', 'b']);
  });

  test.each(['push', 'build --push'])(
    '%s sends no layer that the registry has in another repository',
    async (how) => {
      const repository = `mounted/${identity.kind}/${how.replaceAll(' ', '')}`;
      const files = { Dockerfile: `FROM ${busybox}\nCOPY f /f\n`, f: how };
      const image = await work.build(files, ['-t', `${registry}/${repository}:1`]);
      const [base, own] = image.manifest.layers;
      if (how === 'push') await work.ok(['push', `${registry}/${repository}:1`]);
      else await work.ok(['build', '--push', '-t', `${registry}/${repository}:1`, work.context(files)]);

      const posts = readRequests(registryLog).filter((request) =>
        request.startsWith(`POST /v2/${repository}/`),
      );
      expect(posts.filter((request) => request.endsWith(' 201'))).toEqual([
        expect.stringContaining(encodeURIComponent(base?.digest ?? '')),
      ]);
      expect(own).toBeDefined();
      await must('skopeo', ['inspect', '--tls-verify=false', `docker://${registry}/${repository}:1`]);
    },
  );

  test('several platforms are pushed as an index and pulled as one image', async () => {
    const index = `${registry}/platforms/${identity.kind}:1`;
    const context = work.context({
      Dockerfile: 'FROM scratch\nARG TARGETPLATFORM\nCOPY f /f\nLABEL for=$TARGETPLATFORM\n',
      f: '',
    });
    await work.ok([
      'build',
      '-t',
      index,
      '--platform',
      'linux/amd64,linux/arm64',
      '--platform',
      'linux/arm/v7',
      context,
    ]);
    await work.ok(['push', index]);

    const raw = await must('skopeo', ['inspect', '--tls-verify=false', '--raw', `docker://${index}`]);
    const { manifests } = JSON.parse(raw.stdout) as { manifests: { platform: unknown }[] };
    expect(manifests.map(({ platform }) => platform)).toEqual([
      { architecture: 'amd64', os: 'linux' },
      { architecture: 'arm64', os: 'linux' },
      { architecture: 'arm', os: 'linux', variant: 'v7' },
    ]);
    const arm = await must('skopeo', [
      '--override-arch',
      'arm64',
      'inspect',
      '--tls-verify=false',
      `docker://${index}`,
    ]);
    expect(JSON.parse(arm.stdout)).toMatchObject({ Architecture: 'arm64', Labels: { for: 'linux/arm64' } });
    await work.ok(['pull', index], { state: `${work.folder}/one` });
    expect((await work.ok(['inspect', index], { state: `${work.folder}/one` })).stdout).toContain(
      `linux/${process.arch === 'x64' ? 'amd64' : 'arm64'}`,
    );
  });

  test('what is not there is said to be not there', async () => {
    const missing = await work.img(['pull', `${registry}/nobody/nothing:1`]);
    const base = await work.img([
      'build',
      work.context({ Dockerfile: `FROM ${registry}/nobody/nothing:1\n` }),
    ]);
    const unknown = await work.img(['push', `${registry}/never/built:1`]);
    const down = await work.img(['pull', '127.0.0.1:1/down:1']);

    for (const { code, stderr } of [missing, base, unknown, down]) {
      expect(code).toBe(1);
      expect(stderr).not.toMatch(/^ {4}at /m);
    }
    expect(missing.stderr).toContain(`${registry}/nobody/nothing:1`);
    expect(base.stderr).toContain('>>> FROM');
    expect(unknown.stderr).toContain('not found');
    expect(down.stderr).toContain('127.0.0.1:1');
  });
});
