// SPDX-License-Identifier: MIT

import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Dockerd, startDockerd } from '../support/dockerd.ts';
import { runsAsRoot } from '../support/identity.ts';
import { readOciArchive } from '../support/image.ts';
import { must } from '../support/run.ts';
import { tarIndex } from '../support/tar.ts';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { busybox, identities, registry } = testRun();

const DOCKERFILE = `FROM ${busybox}
WORKDIR /app
COPY --chown=app:staff hello.sh .
RUN ln -s hello.sh link && mkdir private && chmod 700 private && rm /bin/yes
ENV GREETING=hello
CMD ["/bin/sh", "/app/hello.sh"]
`;
const FILES = {
  Dockerfile: DOCKERFILE,
  'hello.sh': 'echo "$GREETING from $(cat /etc/hostname >/tmp/x && whoami)"\n',
};

describe.each(identities)('outputs as $kind', (identity) => {
  let work: Workspace;
  let context: string;

  beforeAll(() => {
    work = openWorkspace(identity);
    context = work.context(FILES);
  });

  afterAll(() => {
    work.remove();
  });

  /** Builds with one output and returns what came to stdout. */
  async function output(spec: string, ...args: readonly string[]): Promise<Buffer> {
    return (await work.ok(['build', '-o', spec, ...args, context])).stdoutBytes;
  }

  function checkRootTar(bytes: Buffer): void {
    const files = tarIndex(bytes);
    expect(files.get('app/hello.sh')).toMatchObject({
      type: 'file',
      mode: 0o644,
      uid: 1000,
      gid: 50,
      content: Buffer.from(FILES['hello.sh']),
    });
    expect(files.get('app/link')).toMatchObject({ type: 'symlink', target: 'hello.sh' });
    expect(files.get('app/private')).toMatchObject({ type: 'folder', mode: 0o700 });
    expect(files.get('tmp')).toMatchObject({ mode: 0o1777 });
    expect(files.has('bin/yes')).toBe(false);
    expect(files.has('bin/sh')).toBe(true);
  }

  test('type=tar writes the root file system to a file, to stdout, and for a dash', async () => {
    await output(`type=tar,dest=${join(work.folder, 'root.tar')}`);

    checkRootTar(readFileSync(join(work.folder, 'root.tar')));
    checkRootTar(await output('type=tar'));
    checkRootTar(await output('-'));
  });

  test('type=local and a bare path write folders', async () => {
    for (const spec of ['type=local,dest=as-local', 'as-path']) {
      await output(spec);
      const folder = join(work.folder, spec.replace('type=local,dest=', ''));
      expect(readFileSync(join(folder, 'app/hello.sh'), 'utf8')).toBe(FILES['hello.sh']);
      expect(readlinkSync(join(folder, 'app/link'))).toBe('hello.sh');
      expect(lstatSync(join(folder, 'app/private')).mode & 0o777).toBe(0o700);
      expect(lstatSync(join(folder, 'app/hello.sh')).uid).toBe(identity.uid);
      expect(readdirSync(folder)).not.toContain('dev/null');
    }
  });

  test('type=oci is read by skopeo, from a file and from stdout', async () => {
    const file = join(work.folder, 'image.oci.tar');
    await output(`type=oci,dest=${file}`, '-t', 'me/hello:1');
    const [piped] = readOciArchive(await output('type=oci'));
    const { stdout } = await must('skopeo', ['inspect', '--config', `oci-archive:${file}`], { as: identity });
    await must(
      'skopeo',
      ['copy', '-q', '--insecure-policy', `oci-archive:${file}`, `dir:${join(work.folder, 'copied')}`],
      { as: identity },
    );

    expect(JSON.parse(stdout)).toMatchObject({
      config: { Cmd: ['/bin/sh', '/app/hello.sh'], WorkingDir: '/app' },
    });
    expect(JSON.parse(stdout)).toEqual(piped?.config);
    expect(existsSync(join(work.folder, 'copied/manifest.json'))).toBe(true);
  });

  test('an OCI layout in a folder is unpacked by umoci', async () => {
    await output(`type=oci,tar=false,dest=${join(work.folder, 'layout')}`, '-t', 'me/hello:1');
    const bundle = join(work.folder, 'bundle');
    const rootless = identity.kind === 'user' ? ['--rootless'] : [];
    await must('umoci', ['unpack', ...rootless, '--image', `${join(work.folder, 'layout')}:1`, bundle], {
      as: identity,
    });

    expect(readFileSync(join(bundle, 'rootfs/app/hello.sh'), 'utf8')).toBe(FILES['hello.sh']);
    expect(existsSync(join(bundle, 'rootfs/bin/yes'))).toBe(false);
    if (identity.kind === 'root')
      expect(lstatSync(join(bundle, 'rootfs/app/hello.sh'))).toMatchObject({ uid: 1000, gid: 50 });
  });

  test.each(['gzip', 'zstd', 'uncompressed'])(
    'all layers are %s when that is forced, those of the base as well, and the config is the same',
    async (compression) => {
      const file = join(work.folder, `${compression}.oci.tar`);
      const inspect = async (...args: readonly string[]) =>
        JSON.parse(
          (await must('skopeo', ['inspect', ...args, `oci-archive:${file}`], { as: identity })).stdout,
        ) as { layers: { mediaType: string }[]; config: { digest: string } };
      const [plain] = readOciArchive(await output('type=oci'));
      await output(`type=oci,dest=${file},compression=${compression},force-compression=true`);
      const manifest = await inspect('--raw');
      await must(
        'skopeo',
        ['copy', '-q', '--insecure-policy', `oci-archive:${file}`, `dir:${join(work.folder, compression)}`],
        { as: identity },
      );

      const type = { gzip: '.tar+gzip', zstd: '.tar+zstd', uncompressed: '.tar' }[compression];
      expect(plain?.layers.length).toBeGreaterThan(1);
      expect(manifest.layers.map(({ mediaType }) => mediaType)).toEqual(
        plain?.layers.map(() => `application/vnd.oci.image.layer.v1${type}`),
      );
      expect(await inspect('--config')).toEqual(plain?.config);
    },
  );

  test('type=docker is read by skopeo, from a file and from stdout', async () => {
    const file = join(work.folder, 'image.docker.tar');
    await output(`type=docker,dest=${file}`, '-t', 'me/hello:1');
    const { stdout } = await must('skopeo', ['inspect', '--config', `docker-archive:${file}:me/hello:1`], {
      as: identity,
    });
    const piped = tarIndex(await output('type=docker', '-t', 'me/piped:1'));

    expect(JSON.parse(stdout)).toMatchObject({
      config: { Env: ['PATH=/usr/local/bin:/bin', 'GREETING=hello'] },
    });
    expect(String(piped.get('manifest.json')?.content)).toContain('me/piped:1');
  });

  test('type=image keeps the image under its names, several outputs at once as well', async () => {
    await output(
      'type=image,name=me/named:1',
      '-o',
      `type=tar,dest=${join(work.folder, 'both.tar')}`,
      '-t',
      'me/tagged:2',
    );
    const { stdout } = await work.ok(['ls']);

    expect(stdout).toMatch(/^me\/named:1 /m);
    expect(stdout).toMatch(/^me\/tagged:2 /m);
    checkRootTar(readFileSync(join(work.folder, 'both.tar')));
  });

  test('several platforms become several folders, and one index', async () => {
    const platforms = ['--platform', 'linux/amd64,linux/arm64'];
    const plain = work.context({
      Dockerfile: 'FROM scratch\nARG TARGETARCH\nCOPY f /f-$TARGETARCH\n',
      f: 'f',
    });
    await work.ok(['build', '-o', 'split', ...platforms, plain]);
    const { stdoutBytes } = await work.ok(['build', '-o', 'type=oci', ...platforms, plain]);

    expect(readdirSync(join(work.folder, 'split')).toSorted()).toEqual(['linux_amd64', 'linux_arm64']);
    expect(readdirSync(join(work.folder, 'split/linux_arm64'))).toEqual(['f-arm64']);
    expect(readOciArchive(stdoutBytes).map(({ config }) => config.architecture)).toEqual(['amd64', 'arm64']);
  });

  test('a build that fails leaves nothing where its output would have been', async () => {
    const failing = work.context({ Dockerfile: `FROM ${busybox}\nRUN exit 3\n` });
    const before = readdirSync(work.folder);
    const { code } = await work.img([
      'build',
      '-o',
      'type=oci,dest=never.tar',
      '-o',
      'type=docker,dest=never-either.tar',
      '-t',
      'never',
      failing,
    ]);

    expect(code).toBe(1);
    expect(readdirSync(work.folder)).toEqual(before);
    expect((await work.ok(['ls'])).stdout).not.toContain('never');
  });

  test('buildah starts from a pushed image', async () => {
    const name = `${registry}/outputs/${identity.kind}:1`;
    await output('type=registry', '-t', name);
    const store = [
      '--root',
      join(work.folder, 'buildah'),
      '--runroot',
      join(work.folder, 'buildah-run'),
      '--storage-driver',
      'vfs',
    ];
    work.write({ 'home/.config/containers/policy.json': '{"default":[{"type":"insecureAcceptAnything"}]}' });
    const options = {
      as: identity,
      cwd: work.folder,
      env: { HOME: work.home, TMPDIR: join(work.folder, 'tmp'), BUILDAH_ISOLATION: 'chroot' },
    };
    const from = await must('buildah', [...store, 'from', '--tls-verify=false', name], options);
    const ran = await must(
      'buildah',
      [...store, 'run', from.stdout.trim(), '/bin/sh', '/app/hello.sh'],
      options,
    );
    await must('buildah', [...store, 'rm', '--all'], options);
    await must('buildah', [...store, 'rmi', '--all', '--force'], options);

    expect(ran.stdout).toBe('hello from root\n');
  });
});

// An engine of its own needs root; unprivileged, skopeo above reads the same archives.
const engineUsers = runsAsRoot ? identities : [];

for (const identity of engineUsers)
  describe(`docker runs what ${identity.kind} saved`, () => {
    let engine: Dockerd;
    let work: Workspace;

    beforeAll(async () => {
      work = openWorkspace(identity);
      engine = await startDockerd();
    });

    afterAll(async () => {
      await engine.stop();
      work.remove();
    });

    test('from img save and from type=docker', async () => {
      await work.ok(['build', '-t', 'me/hello:1', work.context(FILES)]);
      const { stdoutBytes } = await work.ok(['save', 'me/hello:1']);
      const built = await work.ok(['build', '-o', 'type=docker', '-t', 'me/other', work.context(FILES)]);

      expect((await engine.docker(['load'], { input: stdoutBytes })).stdout).toBe(
        'Loaded image: me/hello:1\n',
      );
      expect((await engine.docker(['load'], { input: built.stdoutBytes })).stdout).toBe(
        'Loaded image: me/other:latest\n',
      );
      for (const name of ['me/hello:1', 'me/other']) {
        const { stdout } = await engine.docker(['run', '--rm', '--network', 'none', name]);
        expect(stdout).toBe('hello from root\n');
      }
      const user = await engine.docker([
        'run',
        '--rm',
        '--network',
        'none',
        '-u',
        'app',
        'me/hello:1',
        'stat',
        '-c',
        '%U:%G',
        'hello.sh',
      ]);
      expect(user.stdout).toBe('app:staff\n');
    });
  });
