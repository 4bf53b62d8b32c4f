// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMemoryContentStore } from '@img-build/testkit';
import { afterAll, describe, expect, test } from '@jest/globals';
import { createDockerExporter, createOciExporter } from '../src/archive-exporters.ts';
import { platformResult, recordProgress, removeFolders, storeLayer, temporaryFolder } from './fake-build.ts';

afterAll(removeFolders);

const NAME = 'docker.io/library/hello:1';

function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function members(archive: string): string[] {
  return run('tar', '-tf', archive).trim().split('\n');
}

async function twoLayers() {
  const content = createMemoryContentStore(() => Date.UTC(2026, 0, 2));
  return {
    content,
    layers: [await storeLayer(content, 'hello', 'hello'), await storeLayer(content, 'world', 'world')],
  };
}

describe('the OCI exporter', () => {
  test('writes an archive that skopeo reads', async () => {
    const { content, layers } = await twoLayers();
    const path = join(temporaryFolder(), 'image.tar');
    const { steps, progress } = recordProgress();

    const result = await createOciExporter({ content, to: { path } }).export(
      { platforms: [platformResult(layers)], names: [NAME] },
      { progress },
    );

    const inspected = JSON.parse(run('skopeo', 'inspect', `oci-archive:${path}`)) as {
      Digest: string;
      Layers: string[];
      Env: string[];
      Created: string;
    };
    expect(inspected.Digest).toBe(result.descriptor?.digest);
    expect(inspected.Layers).toEqual(layers.map(({ descriptor }) => descriptor.digest));
    expect(inspected.Env).toEqual(['PATH=/bin']);
    expect(inspected.Created).toBe('2026-01-02T00:00:00Z');
    expect(steps).toEqual([
      'exporting layers',
      `exporting manifest ${result.descriptor?.digest}`,
      `exporting config ${result.configDigest}`,
      'sending tarball',
    ]);
    expect(result.metadata).toMatchObject({
      'containerimage.digest': result.descriptor?.digest,
      'containerimage.config.digest': result.configDigest,
      'image.name': NAME,
    });
    const index = JSON.parse(run('tar', '-xOf', path, 'index.json')) as {
      manifests: { annotations: unknown; platform: unknown }[];
    };
    expect(index.manifests[0]).toMatchObject({
      platform: { os: 'linux', architecture: 'amd64' },
      annotations: {
        'io.containerd.image.name': NAME,
        'org.opencontainers.image.ref.name': '1',
        'org.opencontainers.image.created': '2026-01-02T00:00:00Z',
      },
    });
  });

  test("is deterministic: sorted members, time 0, owner 0, BuildKit's modes", async () => {
    const { content, layers } = await twoLayers();
    const once = async (): Promise<Buffer> => {
      const chunks: Uint8Array[] = [];
      const to = { write: async (chunk: Uint8Array) => void chunks.push(chunk) };
      await createOciExporter({ content, to }).export(
        { platforms: [platformResult(layers)], names: [NAME] },
        recordProgress(),
      );
      return Buffer.concat(chunks);
    };
    const [first, second] = [await once(), await once()];
    expect(first.equals(second)).toBe(true);
    const path = join(temporaryFolder(), 'image.tar');
    writeFileSync(path, first);
    const names = members(path);
    expect(names).toEqual([...names].sort());
    const lines = run('tar', '--full-time', '--utc', '-tvf', path).trim().split('\n');
    expect(lines.every((line) => line.includes('0/0') && line.includes('1970-01-01 00:00:00'))).toBe(true);
    expect(lines.find((line) => line.endsWith('index.json'))).toMatch(/^-rw-r--r--/);
    expect(lines.find((line) => line.endsWith('oci-layout'))).toMatch(/^-r--r--r--/);
  });

  test('writes a layout that umoci unpacks', async () => {
    const { content, layers } = await twoLayers();
    const folder = join(temporaryFolder(), 'layout');
    await createOciExporter({ content, to: { folder } }).export(
      { platforms: [platformResult(layers)], names: [NAME] },
      recordProgress(),
    );

    const bundle = join(temporaryFolder(), 'bundle');
    run('umoci', 'unpack', '--rootless', '--image', `${folder}:1`, bundle);
    expect(readFileSync(join(bundle, 'rootfs', 'hello'), 'utf8')).toBe('hello');
    expect(readFileSync(join(bundle, 'rootfs', 'world'), 'utf8')).toBe('world');
  });

  test('adds to a layout and replaces the image of the same name', async () => {
    const { content, layers } = await twoLayers();
    const folder = join(temporaryFolder(), 'layout');
    const to = { folder };
    const other = 'docker.io/library/other:2';
    await createOciExporter({ content, to }).export(
      { platforms: [platformResult(layers)], names: [NAME] },
      recordProgress(),
    );
    await createOciExporter({ content, to }).export(
      { platforms: [platformResult(layers)], names: [other] },
      recordProgress(),
    );
    const last = await createOciExporter({ content, to }).export(
      { platforms: [platformResult(layers.slice(0, 1))], names: [NAME] },
      recordProgress(),
    );
    const { manifests } = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as {
      manifests: { digest: string; annotations: Record<string, string> }[];
    };
    expect(manifests.map(({ annotations }) => annotations['io.containerd.image.name'])).toEqual([
      other,
      NAME,
    ]);
    expect(manifests[1]?.digest).toBe(last.descriptor?.digest);
    expect(JSON.parse(run('skopeo', 'inspect', `oci:${folder}:1`))).toMatchObject({
      Digest: last.descriptor?.digest,
    });
  });

  test('writes an index for several platforms, in their order', async () => {
    const { content, layers } = await twoLayers();
    const path = join(temporaryFolder(), 'image.tar');
    const platforms = [
      platformResult(layers, { os: 'linux', architecture: 'arm64' }),
      platformResult(layers.slice(0, 1)),
    ];
    const { steps, progress } = recordProgress();
    const result = await createOciExporter({ content, to: { path } }).export(
      { platforms, names: [NAME] },
      { progress },
    );
    const raw = JSON.parse(run('skopeo', 'inspect', '--raw', `oci-archive:${path}`)) as {
      manifests: { platform: { architecture: string } }[];
    };
    expect(raw.manifests.map(({ platform }) => platform.architecture)).toEqual(['arm64', 'amd64']);
    expect(steps).toContain(`exporting manifest list ${result.descriptor?.digest}`);
    expect(run('skopeo', '--override-arch', 'amd64', 'inspect', `oci-archive:${path}`)).toContain(
      layers[0]?.descriptor.digest,
    );
  });

  test('leaves nothing when it fails, and refuses a folder as a file', async () => {
    const { content, layers } = await twoLayers();
    const folder = temporaryFolder();
    const broken = {
      ...content,
      open: async function* () {
        yield new Uint8Array(1);
        throw new Error('disk gone');
      },
    };
    await expect(
      createOciExporter({ content: broken, to: { path: join(folder, 'x.tar') } }).export(
        { platforms: [platformResult(layers)], names: [] },
        recordProgress(),
      ),
    ).rejects.toThrow('disk gone');
    expect(readdirSync(folder)).toEqual([]);
    mkdirSync(join(folder, 'there'));
    await expect(
      createOciExporter({ content, to: { path: join(folder, 'there') } }).export(
        { platforms: [platformResult(layers)], names: [] },
        recordProgress(),
      ),
    ).rejects.toHaveProperty('code', 'EXPORT_DESTINATION_INVALID');
  });
});

describe('the docker exporter', () => {
  test("writes an archive that docker's and OCI readers read", async () => {
    const { content, layers } = await twoLayers();
    const path = join(temporaryFolder(), 'image.tar');
    const result = await createDockerExporter({ content, to: { path } }).export(
      { platforms: [platformResult(layers)], names: [NAME, 'localhost:5000/x/y:z'] },
      recordProgress(),
    );

    const [item] = JSON.parse(run('tar', '-xOf', path, 'manifest.json')) as {
      Config: string;
      RepoTags: string[];
      Layers: string[];
    }[];
    expect(item?.RepoTags).toEqual([NAME, 'localhost:5000/x/y:z']);
    expect(item?.Config).toBe(`blobs/sha256/${result.configDigest?.slice(7)}`);
    expect(members(path)).toEqual(
      expect.arrayContaining([item?.Config, ...(item?.Layers ?? []), 'oci-layout', 'index.json']),
    );
    expect(result.descriptor?.mediaType).toBe('application/vnd.docker.distribution.manifest.v2+json');
    const config = JSON.parse(run('skopeo', 'inspect', '--config', `docker-archive:${path}:${NAME}`)) as {
      rootfs: { diff_ids: string[] };
    };
    expect(config.rootfs.diff_ids).toEqual(layers.map(({ diffId }) => diffId));
    await createDockerExporter({ content, to: { path } }).export(
      { platforms: [platformResult(layers)], names: [NAME] },
      recordProgress(),
    );
    for (const transport of ['docker-archive', 'oci-archive']) {
      const copy = join(temporaryFolder(), 'copy');
      run('skopeo', 'copy', '--insecure-policy', `${transport}:${path}`, `dir:${copy}`);
      expect(existsSync(join(copy, 'manifest.json'))).toBe(true);
    }
  });

  test('refuses several platforms', async () => {
    const { content, layers } = await twoLayers();
    const platforms = [
      platformResult(layers),
      platformResult(layers, { os: 'linux', architecture: 'arm64' }),
    ];
    await expect(
      createDockerExporter({ content, to: { write: async () => undefined } }).export(
        { platforms, names: [] },
        recordProgress(),
      ),
    ).rejects.toMatchObject({
      code: 'EXPORT_PLATFORMS_UNSUPPORTED',
      message: expect.stringContaining('docker exporter does not currently support exporting manifest lists'),
      hint: expect.stringContaining('type=oci'),
    });
  });
});
