// SPDX-License-Identifier: MIT

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fileOf, textOf } from '../support/image.ts';
import { testRun } from '../support/test-run.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { busybox, identities } = testRun();

describe.each(identities)('Dockerfiles as $kind', (identity) => {
  let work: Workspace;

  beforeAll(() => {
    work = openWorkspace(identity);
  });

  afterAll(() => {
    work.remove();
  });

  test('ARG and ENV reach RUN, and only ENV the image', async () => {
    const image = await work.build(
      {
        Dockerfile: `ARG TAG=1
FROM ${busybox.replace(/:1$/, '')}:\${TAG}
ARG GREETING=hello NAME
ARG UNSET
ENV WHO=\${NAME:-nobody} SPACED="a b" EMPTY=
ENV BOTH="\${GREETING}, $WHO" LITERAL='$WHO' OTHER=\${WHO:+set}
RUN echo "$GREETING|$NAME|\${UNSET-unset}|$BOTH|$LITERAL|$OTHER" >/values
`,
      },
      ['--build-arg', 'NAME=Ada', '--build-arg', 'GREETING=hi'],
    );

    expect(textOf(image, 'values')).toBe('hi|Ada|unset|hi, Ada|$WHO|set\n');
    expect(image.config.config['Env']).toEqual([
      'PATH=/usr/local/bin:/bin',
      'WHO=Ada',
      'SPACED=a b',
      'EMPTY=',
      'BOTH=hi, Ada',
      'LITERAL=$WHO',
      'OTHER=set',
    ]);
  });

  test('a build argument without a value comes from the environment', async () => {
    const image = await work.build(
      { Dockerfile: `FROM ${busybox}\nARG FROM_OUTSIDE=inside\nRUN echo $FROM_OUTSIDE >/value\n` },
      ['--build-arg', 'FROM_OUTSIDE'],
      { env: { FROM_OUTSIDE: 'outside' } },
    );

    expect(textOf(image, 'value')).toBe('outside\n');
  });

  test('RUN runs in the shell, directly, and from heredocs', async () => {
    const image = await work.build({
      Dockerfile: `FROM ${busybox}
RUN echo shell $0 >/shell && \\
    # a comment between
    id -u >>/shell
RUN ["/bin/sh", "-c", "echo direct >/direct"]
RUN <<EOF
set -e
echo one >/heredoc
echo "two $PATH" >>/heredoc
EOF
RUN <<-"EOF" cat >/quoted
	kept $PATH
	EOF
RUN <<EOF
#!/bin/awk -f
BEGIN { print "from awk" >"/awk" }
EOF
COPY <<one.txt <<-two.txt /written/
first $PATH
one.txt
	second
	two.txt
COPY --chmod=640 --chown=app:staff <<"EOF" /single
raw $PATH
EOF
`,
    });

    expect(textOf(image, 'shell')).toBe('shell /bin/sh\n0\n');
    expect(textOf(image, 'direct')).toBe('direct\n');
    expect(textOf(image, 'heredoc')).toBe('one\ntwo /usr/local/bin:/bin\n');
    expect(textOf(image, 'quoted')).toBe('kept $PATH\n');
    expect(textOf(image, 'awk')).toBe('from awk\n');
    expect(textOf(image, 'written/one.txt')).toBe('first /usr/local/bin:/bin\n');
    expect(textOf(image, 'written/two.txt')).toBe('second\n');
    expect(fileOf(image, 'single')).toBe('640 1000:50 raw $PATH\n');
  });

  test('the rest of the config comes from its instructions', async () => {
    const image = await work.build(
      {
        Dockerfile: `FROM ${busybox}
LABEL one=1 "two words"="2 2"
LABEL three='$x'
EXPOSE 80 53/udp
VOLUME /data ["/other"]
VOLUME ["/json", "/list"]
STOPSIGNAL SIGQUIT
WORKDIR /work
WORKDIR relative
USER app:staff
SHELL ["/bin/sh", "-e", "-c"]
HEALTHCHECK --interval=5s --timeout=1m --start-period=2s --retries=3 CMD true || false
ENTRYPOINT ["/bin/sh", "-c"]
CMD echo started
`,
      },
      ['--label', 'outside=yes', '--label', 'one=overridden'],
    );

    expect(image.config.config).toMatchObject({
      Labels: { one: 'overridden', 'two words': '2 2', three: '$x', outside: 'yes' },
      ExposedPorts: { '80/tcp': {}, '53/udp': {} },
      StopSignal: 'SIGQUIT',
      WorkingDir: '/work/relative',
      User: 'app:staff',
      Shell: ['/bin/sh', '-e', '-c'],
      Healthcheck: {
        Test: ['CMD-SHELL', 'true || false'],
        Interval: 5_000_000_000,
        Timeout: 60_000_000_000,
        StartPeriod: 2_000_000_000,
        Retries: 3,
      },
      Entrypoint: ['/bin/sh', '-c'],
      Cmd: ['/bin/sh', '-e', '-c', 'echo started'],
    });
    expect(Object.keys(image.config.config['Volumes'] as object)).toEqual(
      expect.arrayContaining(['/json', '/list']),
    );
  });

  test('history names every instruction and marks those without a layer', async () => {
    const image = await work.build({
      Dockerfile: `FROM ${busybox}\nENV A=b\nRUN echo x >/x\nCOPY f /f\nWORKDIR /w\nCMD ["/x"]\n`,
      f: 'f',
    });
    const own = image.config.history
      .slice(-5)
      .map(({ created_by, comment, empty_layer }) => ({ created_by, comment, empty_layer }));

    expect(own).toEqual([
      { created_by: 'ENV A=b', comment: 'buildkit.dockerfile.v0', empty_layer: true },
      { created_by: 'RUN /bin/sh -c echo x >/x # buildkit', comment: 'buildkit.dockerfile.v0' },
      { created_by: 'COPY f /f # buildkit', comment: 'buildkit.dockerfile.v0' },
      { created_by: 'WORKDIR /w', comment: 'buildkit.dockerfile.v0' },
      { created_by: 'CMD ["/x"]', comment: 'buildkit.dockerfile.v0', empty_layer: true },
    ]);
    const layers = image.config.history.filter(({ empty_layer }) => empty_layer !== true);
    expect(layers).toHaveLength(image.layers.length);
    expect(image.config.rootfs.diff_ids).toHaveLength(image.layers.length);
  });

  test('USER, WORKDIR and SHELL hold for the commands after them', async () => {
    const image = await work.build({
      Dockerfile: `FROM ${busybox}
WORKDIR /home/app
RUN chown app:app .
USER app
RUN id -un >who && id -gn >>who && pwd >>who && echo $HOME >>who
USER 1234:4321
SHELL ["/bin/sh", "-xc"]
RUN (id -u; id -g) >/tmp/numeric
`,
    });

    expect(fileOf(image, 'home/app/who')).toBe('644 1000:1001 app\napp\n/home/app\n/home/app\n');
    expect(fileOf(image, 'tmp/numeric')).toBe('644 1234:4321 1234\n4321\n');
  });

  test('files are removed, replaced and emptied by RUN', async () => {
    const image = await work.build({
      Dockerfile: `FROM ${busybox}
RUN mkdir -p /d/sub && echo 1 >/d/one && echo 2 >/d/sub/two && echo 3 >/gone && ln -s one /d/link && ln /d/one /d/hard
RUN rm /gone && rm -r /d/sub && mkdir /d/sub && echo new >/d/sub/new && chmod 2750 /d && mkfifo /d/pipe
`,
    });

    expect(image.files.has('gone')).toBe(false);
    expect(image.files.has('d/sub/two')).toBe(false);
    expect(textOf(image, 'd/sub/new')).toBe('new\n');
    expect(image.files.get('d')?.mode).toBe(0o2750);
    expect(image.files.get('d/link')).toMatchObject({ type: 'symlink', target: 'one' });
    expect([image.files.get('d/one')?.type, image.files.get('d/hard')?.type].map(String).toSorted()).toEqual([
      'file',
      'hardlink',
    ]);
    expect(image.files.get('d/pipe')?.type).toBe('fifo');
    expect(image.layers.at(-1)?.map(({ path }) => path)).toContain('.wh.gone');
  });

  test('stages feed each other, by name, by number and from other images', async () => {
    const dockerfile = `FROM ${busybox} AS first
RUN echo first >/out
FROM first AS second
RUN echo second >>/out
FROM scratch AS last
COPY --from=0 /out /first
COPY --from=second /out /second
COPY --from=${busybox} /etc/group /group
FROM ${busybox} AS never
RUN false
FROM last
`;
    const image = await work.build({ Dockerfile: dockerfile });
    const second = await work.build({ Dockerfile: dockerfile }, ['--target', 'second']);

    expect(textOf(image, 'first')).toBe('first\n');
    expect(textOf(image, 'second')).toBe('first\nsecond\n');
    expect(textOf(image, 'group')).toContain('app:x:1001:');
    expect([...image.files.keys()]).not.toContain('bin');
    expect(textOf(second, 'out')).toBe('first\nsecond\n');
    expect(second.config.config['Cmd']).toEqual(['sh']);
  });

  test('ONBUILD waits for the image that is built on top', async () => {
    const trigger = await work.build(
      { Dockerfile: `FROM ${busybox}\nONBUILD COPY local /triggered\nONBUILD RUN echo ran >/ran\n` },
      ['-t', 'trigger'],
    );
    const image = await work.build({ Dockerfile: 'FROM trigger\n', local: 'from the context' });

    expect(trigger.config.config['OnBuild']).toEqual(['COPY local /triggered', 'RUN echo ran >/ran']);
    expect(trigger.files.has('ran')).toBe(false);
    expect(textOf(image, 'triggered')).toBe('from the context');
    expect(textOf(image, 'ran')).toBe('ran\n');
    expect(image.config.config['OnBuild'] ?? null).toBeNull();
  });

  test('RUN mounts caches, other stages and temporary folders, and leaves none of them behind', async () => {
    const image = await work.build({
      Dockerfile: `FROM ${busybox} AS tools
RUN echo tool >/tool
FROM ${busybox}
RUN --mount=type=cache,target=/cache --mount=type=bind,from=tools,source=/tool,target=/mnt/tool --mount=type=tmpfs,target=/scratch cat /mnt/tool >/cache/kept && touch /scratch/x && cat /mnt/tool >/result
RUN --mount=type=cache,target=/cache cat /cache/kept >>/result
RUN --mount=target=/ctx cat /ctx/data >>/result
`,
      data: 'from the context\n',
    });

    expect(textOf(image, 'result')).toBe('tool\ntool\nfrom the context\n');
    for (const path of ['cache', 'mnt', 'scratch', 'ctx', 'proc/1', 'etc/resolv.conf'])
      expect(image.files.has(path)).toBe(false);
  });
});
