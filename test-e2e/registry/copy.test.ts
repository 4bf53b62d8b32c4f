// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { must } from '../support/run.ts';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { identities, registry } = testRun();

describe.each(identities)('copying as $kind', (identity) => {
  let work: Workspace;
  const repository = `${registry}/copying/${identity.kind}`;
  const name = `${repository}:1`;

  beforeAll(async () => {
    work = openWorkspace(identity);
    const context = work.context({
      Dockerfile: 'FROM scratch\nARG TARGETPLATFORM\nCOPY f /f\nLABEL for=$TARGETPLATFORM\n',
      f: identity.kind,
    });
    await work.ok(['build', '-t', name, '--platform', 'linux/amd64,linux/arm64', context]);
    await work.ok(['push', name]);
  });

  afterAll(() => {
    work.remove();
  });

  const digestOf = async (reference: string): Promise<string> => {
    const { stdout } = await must('skopeo', [
      'inspect',
      '--tls-verify=false',
      '--raw',
      `docker://${reference}`,
    ]);
    const { createHash } = await import('node:crypto');
    return `sha256:${createHash('sha256').update(stdout).digest('hex')}`;
  };

  test('a registry, a folder and an archive hold the same image', async () => {
    const digest = await digestOf(name);
    expect((await work.ok(['copy', name, `${repository}-copy:2`])).stdout).toContain(`Digest: ${digest}\n`);
    expect(await digestOf(`${repository}-copy:2`)).toBe(digest);

    await work.ok(['copy', '--all', name, `oci:${work.folder}/layout:v1`]);
    expect(JSON.parse(readFileSync(`${work.folder}/layout/index.json`, 'utf8'))).toMatchObject({
      manifests: [{ digest, annotations: { 'org.opencontainers.image.ref.name': 'v1' } }],
    });
    await work.ok([
      'copy',
      '--platform',
      'linux/arm64',
      `oci:${work.folder}/layout:v1`,
      `docker-archive:${work.folder}/arm.tar:app:arm`,
    ]);
    const { stdout } = await must('skopeo', ['inspect', '--config', `docker-archive:${work.folder}/arm.tar`]);
    expect(JSON.parse(stdout)).toMatchObject({ architecture: 'arm64' });
    await work.ok(['copy', `docker-archive:${work.folder}/arm.tar`, `${repository}-arm:1`]);
    const remote = await work.ok(['inspect', '--remote', '--platform', 'linux/arm64', `${repository}-arm:1`]);
    expect(JSON.parse(remote.stdout)).toMatchObject({
      config: { config: { Labels: { for: 'linux/arm64' } } },
    });
  });

  test('what a registry has is shown without pulling it', async () => {
    const state = `${work.folder}/looking`;
    const { stdout } = await work.ok(['inspect', '--remote', name], { state });

    expect(JSON.parse(stdout)).toMatchObject({
      tag: '1',
      digest: await digestOf(name),
      platforms: [{ platform: 'linux/amd64' }, { platform: 'linux/arm64' }],
      referrers: [],
    });
    expect((await work.ok(['ls'], { state })).stdout).not.toContain('copying');
  });

  test('another platform is pulled when it is asked for', async () => {
    const state = `${work.folder}/arm`;
    await work.ok(['pull', '--platform', 'linux/arm64', name], { state });
    const { stdout } = await work.ok(['inspect', name], { state });

    expect(JSON.parse(stdout)).toMatchObject({ architecture: 'arm64' });
    const wrong = await work.img(['pull', '--platform', 'linux/s390x', name], { state });
    expect([wrong.code, wrong.stderr]).toEqual([
      1,
      expect.stringContaining('it has linux/amd64, linux/arm64'),
    ]);
  });

  test('all tags go together', async () => {
    const target = `${repository}-tags`;
    for (const tag of ['a', 'b']) await work.ok(['tag', name, `${target}:${tag}`]);
    const pushed = await work.ok(['push', '--all-tags', target]);
    const state = `${work.folder}/tags`;
    const pulled = await work.ok(['pull', '-a', target], { state });

    for (const tag of ['a', 'b']) {
      expect(pushed.stdout).toContain(`Successfully pushed ${target}:${tag}\n`);
      expect(pulled.stdout).toContain(`Pulling ${target}:${tag}...\n`);
      expect((await work.ok(['ls'], { state })).stdout).toContain(`${target}:${tag}`);
    }
    expect((await work.img(['pull', '-a', `${target}:a`])).stderr).toContain('without tag');
    expect((await work.img(['push', '-a', `${registry}/nothing/here`])).stderr).toContain('no tag of');
  });

  test('what cannot be copied is said', async () => {
    const both = await work.img(['copy', '--all', '--platform', 'linux/amd64', name, 'oci:x']);
    const nothing = await work.img(['copy', 'oci:', name]);
    const absent = await work.img(['copy', `oci:${work.folder}/nowhere:1`, name]);
    const file = await work.img(['copy', `docker-archive:${work.folder}/nowhere.tar`, name]);

    for (const { code, stderr } of [both, nothing, absent, file]) {
      expect(code).toBe(1);
      expect(stderr).not.toMatch(/^ {4}at /m);
    }
    expect(both.stderr).toContain('exclude each other');
    expect(nothing.stderr).toContain('names no folder');
    expect(absent.stderr).toContain('no oci-layout');
    expect(file.stderr).toContain('cannot read the archive');
  });
});
