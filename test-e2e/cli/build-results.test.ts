// SPDX-License-Identifier: MIT
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Dockerd, startDockerd } from '../support/dockerd.ts';
import { runsAsRoot } from '../support/identity.ts';
import { readOciArchive } from '../support/image.ts';
import { refusalOf } from '../support/refusal.ts';
import { must } from '../support/run.ts';
import { readTar } from '../support/tar.ts';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { busybox, identities, registry } = testRun();
const DIGEST = /^sha256:[0-9a-f]{64}$/;

interface Annotated {
  readonly annotations?: Readonly<Record<string, string>>;
}

describe.each(identities)('what comes of a build as $kind', (identity) => {
  let work: Workspace;

  beforeAll(() => {
    work = openWorkspace(identity);
  });

  afterAll(() => {
    work.remove();
  });

  const simple = (): string => work.context({ Dockerfile: 'FROM scratch\nCOPY f /f\n', f: identity.kind });
  const read = (name: string): string => readFileSync(join(work.folder, name), 'utf8');

  test('-q prints the id of the image and nothing else', async () => {
    const { stdout, stderr } = await work.ok(['build', '-q', '-t', 'quiet', simple()]);
    expect(stdout.trimEnd()).toMatch(DIGEST);
    expect(stderr).toBe('');
    const [image] = readOciArchive((await work.ok(['save', '--format=oci', 'quiet'])).stdoutBytes);
    expect(image?.manifest).toMatchObject({ config: { digest: stdout.trimEnd() } });
  });

  test('-q still tells of a failure', async () => {
    const context = work.context({ Dockerfile: `FROM ${busybox}\nRUN echo seen; exit 7\n` });
    const { code, stdout, stderr } = await work.img(['build', '-q', context]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /^------\n > \[2\/2\] RUN echo seen; exit 7:\n\d+\.\d{3} seen\n------\nDockerfile:2\n/,
    );
    expect(stderr).toContain('exit code: 7');
  });

  test('-q does not write into an archive on stdout', async () => {
    const { stdoutBytes, stderr } = await work.ok(['build', '-q', '-o', 'type=oci', simple()]);
    expect(readOciArchive(stdoutBytes)).toHaveLength(1);
    expect(stderr).toBe('');
  });

  test('--iidfile and --metadata-file tell scripts', async () => {
    await work.ok([
      'build',
      '-t',
      'a:1',
      '-t',
      'b',
      '--iidfile',
      'out/iid',
      '--metadata-file',
      'out/metadata.json',
      simple(),
    ]);
    const metadata = JSON.parse(read('out/metadata.json'));
    const image = await work.image('a:1');
    expect(metadata).toEqual({
      'buildx.build.ref': expect.stringMatching(/^img\/local\/[0-9a-z]{25}$/),
      'containerimage.config.digest': read('out/iid'),
      'containerimage.descriptor': expect.objectContaining({
        digest: image.digest,
        mediaType: image.manifest.mediaType,
      }),
      'containerimage.digest': image.digest,
      'image.name': 'docker.io/library/a:1,docker.io/library/b:latest',
    });
    expect(read('out/iid')).toMatch(DIGEST);
  });

  test('several platforms have the digest of their index as id', async () => {
    await work.ok([
      ...['build', '--platform', 'linux/amd64,linux/arm64', '-t', 'multi', '--iidfile', 'iid-multi'],
      ...['--metadata-file', 'multi.json', simple()],
    ]);
    const metadata = JSON.parse(read('multi.json'));
    expect(metadata).not.toHaveProperty(['containerimage.config.digest']);
    expect(read('iid-multi')).toBe(metadata['containerimage.digest']);
  });

  test('a build that fails leaves no id of an earlier one', async () => {
    work.write({ stale: 'sha256:old' });
    const context = work.context({ Dockerfile: 'FROM scratch\nCOPY nothing /\n' });
    expect((await work.img(['build', '--iidfile', 'stale', context])).code).toBe(1);
    expect(() => read('stale')).toThrow('ENOENT');
  });

  test('warnings are counted at the end, expanded with --debug, and in the metadata when asked for', async () => {
    const context = work.context({ Dockerfile: 'FROM scratch AS Upper\nCOPY f /f\nENV a 1\n', f: '' });
    const short = (await work.ok(['build', context])).stderr;
    expect(short).toMatch(
      /\n 2 warnings found \(use --debug to expand\):\n - StageNameCasing: .* \(line 1\)\n - LegacyKeyValueFormat: .* \(line 3\)\nSuccessfully built /,
    );
    const long = (await work.ok(['build', '-d', context])).stderr;
    expect(long).toMatch(/More info: https:.*\nDockerfile:3\n-+\n(.*\n)* {3}3 \| >>> ENV a 1\n/);
    await work.ok(['build', '-q', '--metadata-file', 'w.json', context], {
      env: { BUILDX_METADATA_WARNINGS: '1' },
    });
    const warnings = JSON.parse(read('w.json'))['buildx.build.warnings'];
    expect(warnings).toHaveLength(2);
    expect(Buffer.from(warnings[0].short, 'base64').toString()).toContain('StageNameCasing');
  });

  test('--progress rawjson is one object a line', async () => {
    const context = work.context({ Dockerfile: `FROM ${busybox}\nRUN echo raw-${identity.kind}\n` });
    const { stderr } = await work.ok(['build', '--progress=rawjson', context]);
    const lines = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const vertexes = lines.flatMap((line) => line.vertexes ?? []);
    const run = vertexes.findLast(({ name }: { name: string }) => name.includes('RUN echo raw'));
    expect(run).toMatchObject({ started: expect.any(String), completed: expect.any(String) });
    expect(run.inputs).toHaveLength(1);
    const logs = lines.flatMap((line) => line.logs ?? []);
    expect(Buffer.from(logs[0].data, 'base64').toString()).toBe(`raw-${identity.kind}\n`);
    expect(logs[0].vertex).toBe(run.digest);
    const viaEnv = await work.ok(['build', context], { env: { BUILDKIT_PROGRESS: 'rawjson' } });
    expect(viaEnv.stderr.startsWith('{')).toBe(true);
    expect((await work.ok(['build', '--progress', 'quiet', context])).stderr).toBe('');
  });

  test('--annotation writes on manifests and indexes', async () => {
    const context = simple();
    const { stdoutBytes } = await work.ok([
      ...['build', '--platform=linux/amd64,linux/arm64', '-o', 'type=oci', '--annotation', 'all=1'],
      ...[
        '--annotation',
        'index:of.index=2',
        '--annotation',
        'manifest[linux/arm64],manifest-descriptor:x=3',
        context,
      ],
    ]);
    const images = readOciArchive(stdoutBytes);
    expect(images.map(({ manifest }) => (manifest as Annotated).annotations)).toEqual([
      { all: '1' },
      { all: '1', x: '3' },
    ]);
    const documents = readTar(stdoutBytes)
      .filter(({ path }) => path.startsWith('blobs/'))
      .map(({ content }) => String(content));
    const index = documents.filter((text) => text.includes('"manifests"')).map((text) => JSON.parse(text));
    expect(index).toMatchObject([{ annotations: { 'of.index': '2' } }]);
    expect(index[0].manifests.map(({ annotations }: Annotated) => annotations)).toEqual([
      { x: '3' },
      { x: '3' },
    ]);

    const refused = await work.img(['build', '--annotation', 'index:a=b', context]);
    expect(refusalOf(refused)).toMatchObject({ code: 1, stack: [] });
    expect(refusalOf(refused).cause).toContain('index annotations not supported for single platform export');
  });

  test('--push pushes all names, and by digest none', async () => {
    const names = ['1', '2'].map((tag) => `${registry}/pushed/${identity.kind}:${tag}`);
    await work.ok([
      'build',
      '--push',
      ...names.flatMap((name) => ['-t', name]),
      '--metadata-file',
      'push.json',
      simple(),
    ]);
    const digest = JSON.parse(read('push.json'))['containerimage.digest'];
    for (const name of names) {
      const { stdout } = await must('skopeo', ['inspect', '--tls-verify=false', `docker://${name}`]);
      expect(JSON.parse(stdout)).toMatchObject({ Digest: digest });
    }
    const repository = `${registry}/by-digest/${identity.kind}`;
    await work.ok([
      'build',
      '-o',
      `type=image,name=${repository},push-by-digest=true,push=true`,
      '--iidfile',
      'd',
      simple(),
    ]);
    const inspect = async (reference: string): Promise<string> =>
      (await must('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${repository}${reference}`]))
        .stdout;
    expect(await inspect(`@${digest}`)).toContain(read('d'));
    await expect(inspect(':latest')).rejects.toThrow('manifest unknown');
    expect((await work.ok(['ls'])).stdout).not.toContain('by-digest');
  });

  test('--load gives the image to podman where docker does not answer', async () => {
    work.write({
      'bin/docker': '#!/bin/sh\necho no daemon >&2\nexit 1\n',
      'bin/podman': `#!/bin/sh\nif [ "$1" = load ]; then cat > '${work.folder}/loaded.tar'; fi\n`,
    });
    for (const name of ['docker', 'podman']) chmodSync(join(work.folder, 'bin', name), 0o755);
    const env = { PATH: `${work.folder}/bin:${process.env['PATH'] ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin` };
    await work.ok(['build', '--load', '-t', 'loaded:1', simple()], { env });
    const [item] = JSON.parse(
      String(
        readTar(readFileSync(join(work.folder, 'loaded.tar'))).find(({ path }) => path === 'manifest.json')
          ?.content,
      ),
    );
    expect(item.RepoTags).toEqual(['docker.io/library/loaded:1']);
    expect((await work.ok(['ls'])).stdout).toContain('loaded:1');
  });

  test('--load without an engine says what to do instead', async () => {
    const refused = await work.img(['build', '--load', '-t', 'x', simple()], {
      env: { DOCKER_HOST: `unix://${work.folder}/none.sock` },
    });
    expect(refusalOf(refused)).toMatchObject({
      code: 1,
      hint: 'write an archive with -o type=docker,dest=FILE',
      stack: [],
    });
  });
});

// Debian's engine runs as root alone.
const withEngine = runsAsRoot ? describe : undefined;

withEngine?.('--load into a docker engine', () => {
  let engine: Dockerd;
  let work: Workspace;

  beforeAll(async () => {
    engine = await startDockerd();
    const [identity] = identities;
    if (identity === undefined) throw new Error('nobody to test as');
    work = openWorkspace(identity);
  }, 60_000);

  afterAll(async () => {
    work.remove();
    await engine.stop();
  });

  test('the engine has the image that was built', async () => {
    const context = work.context({ Dockerfile: `FROM ${busybox}\nRUN echo in >/docker\n` });
    const { stdout } = await work.ok(['build', '-q', '--load', '-t', 'test/loaded:1', context], {
      env: { DOCKER_HOST: engine.host },
    });
    const inspected = await engine.docker(['image', 'inspect', '--format', '{{.Id}}', 'test/loaded:1']);
    expect(inspected.stdout).toBe(stdout);
  });
});
