// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { failure, lower, PATH } from './lower.ts';

const ARGS = 'FROM busybox AS src\nFROM busybox\nARG V=v N=80 P=linux/arm64 M=0640\n';

describe('variables', () => {
  test.each([
    ['ADD $V /$V', 'ADD v /v # buildkit'],
    ['COPY --chown=$V:$V --chmod=$M $V /', 'COPY --chown=v:v --chmod=0640 v / # buildkit'],
    ['ENV $V=$V', 'ENV v=v'],
    ['EXPOSE $N', 'EXPOSE [80/tcp]'],
    ['LABEL $V=$V', 'LABEL v=v'],
    ['STOPSIGNAL $N', 'STOPSIGNAL 80'],
    ['USER $V:$V', 'USER v:v'],
    ['VOLUME /$V', 'VOLUME [/v]'],
    ['WORKDIR /$V', 'WORKDIR /v'],
    ['ARG X=$V', 'ARG X=v'],
  ])('are expanded in %s', async (instruction, expected) => {
    const { history } = await lower(`${ARGS}${instruction}\n`);

    expect(history.at(-1)).toBe(expected);
  });

  test.each([
    ['RUN $V', 'RUN |4 V=v N=80 P=linux/arm64 M=0640 /bin/sh -c $V # buildkit'],
    ['CMD $V', 'CMD ["/bin/sh" "-c" "$V"]'],
    ['ENTRYPOINT ["$V"]', 'ENTRYPOINT ["$V"]'],
    ['SHELL ["$V"]', 'SHELL [$V]'],
    ['MAINTAINER $V', 'MAINTAINER $V'],
    [
      'HEALTHCHECK CMD $V',
      'HEALTHCHECK {Test:[CMD-SHELL $V] Interval:0s Timeout:0s StartPeriod:0s StartInterval:0s Retries:0}',
    ],
  ])('are left alone in %s', async (instruction, expected) => {
    expect((await lower(`${ARGS}${instruction}\n`)).history.at(-1)).toBe(expected);
  });

  test('are left alone in --exclude', async () => {
    expect((await lower(`${ARGS}COPY --exclude=$V a /\n`)).json('COPY')).toContain(
      '"exclude_patterns":["$V"]',
    );
  });

  test('are expanded in the options of a mount, but not in from', async () => {
    const { json } = await lower(`${ARGS}RUN --mount=type=cache,id=$V,target=/$V,from=src x\n`);

    expect(json('RUN')).toContain('"dest":"/v","output":-1,"mountType":3,"cacheOpt":{"ID":"/v"}');
  });

  test('are expanded in --checksum of ADD', async () => {
    const sum = `sha256:${'0'.repeat(64)}`;

    expect(
      (await lower(`FROM busybox\nARG S=${sum}\nADD --checksum=$S https://h/a /\n`)).json('https://h/a'),
    ).toContain(`"http.checksum":"${sum}"`);
  });

  test('have their value from before the instruction', async () => {
    const { history } = await lower('FROM busybox\nENV A=1\nENV A=2 B=$A\nLABEL a=$B\n');

    expect(history.slice(1)).toEqual(['ENV A=2 B=1', 'LABEL a=1']);
  });

  test('are split before they are expanded, but for EXPOSE after', async () => {
    const { history } = await lower('FROM busybox\nARG P="1 2/udp"\nENV A=$P B=$P\nEXPOSE $P\n');

    expect(history.slice(1)).toEqual(['ENV A=1 2/udp B=1 2/udp', 'EXPOSE [1/tcp 2/udp]']);
    expect((await failure('FROM busybox\nENV X=${A:+b c}\n')).message).toContain("can't find = in");
  });

  test('of a step are shown with their value, or as written', async () => {
    const { names } = await lower('FROM busybox\nENV A=1\nrun echo $A $B "$A" \\$A\n');

    expect(names.at(-1)).toBe('[2/2] RUN echo 1 $B "1" \\$A');
  });
});

describe('predefined arguments', () => {
  const buildArgs = { HTTP_PROXY: 'http://p', no_proxy: 'n' };

  test('a proxy is declared by nobody and in no history, until ARG declares it', async () => {
    const silent = await lower('FROM busybox\nRUN x\n', { buildArgs });
    const declared = await lower('FROM busybox\nARG HTTP_PROXY\nRUN x\n', { buildArgs });

    expect(silent.json('RUN')).toContain('"proxy_env":{"http_proxy":"http://p","no_proxy":"n"}');
    expect(silent.json('RUN')).not.toContain('HTTP_PROXY');
    expect(silent.history).toEqual(['RUN /bin/sh -c x # buildkit']);
    expect(declared.json('RUN')).toContain('"HTTP_PROXY=http://p"');
    expect(declared.history.at(-1)).toBe('RUN |1 HTTP_PROXY=http://p /bin/sh -c x # buildkit');
  });

  test('platform variables tell the version of Windows', async () => {
    const { json } = await lower(
      'FROM busybox\nARG TARGETPLATFORM TARGETOSVERSION TARGETSTAGE BUILDARCH\nRUN x\n',
      {
        platforms: [{ os: 'windows', architecture: 'amd64', 'os.version': '10.0.20348.1' }],
      },
    );

    expect(json('RUN')).toContain(
      '"env":["TARGETPLATFORM=windows(10.0.20348.1)/amd64","TARGETOSVERSION=10.0.20348.1","TARGETSTAGE=default","BUILDARCH=amd64"]',
    );
  });

  test.each(['BUILDKIT_SBOM_SCAN_CONTEXT', 'BUILDKIT_SBOM_SCAN_STAGE'])(
    '%s never becomes a variable',
    async (name) => {
      const { json } = await lower(`FROM busybox\nARG ${name}=true\nRUN x\n`, {
        buildArgs: { [name]: 'true' },
      });

      expect(json('RUN')).toContain(`"env":["${PATH}"]`);
    },
  );

  test.each([
    'BUILDKIT_INLINE_CACHE',
    'BUILDKIT_INLINE_BUILDINFO_ATTRS',
    'BUILDKIT_BUILD_NAME',
    'BUILDKIT_SYNTAX',
  ])('%s needs no declaration', async (name) => {
    const { json } = await lower('FROM busybox\nRUN x\n', { buildArgs: { [name]: 'dockerfile.v0' } });

    expect(json('RUN')).toContain(`"env":["${PATH}"]`);
  });
});

describe('stages', () => {
  test('a number is no name for FROM, nor for the target', async () => {
    expect(await failure('FROM busybox\nFROM 0\n')).toMatchObject({ code: 'BASE_UNRESOLVED' });
    expect(await failure('FROM busybox\n', { target: '0' })).toMatchObject({ code: 'STAGE_NOT_FOUND' });
  });

  test('COPY --from=N counts the stages of the file only', async () => {
    expect(await failure('FROM busybox\nCOPY --from=other a /\nCOPY --from=2 b /\n')).toMatchObject({
      message: 'invalid stage index 2',
    });
  });

  test('a name that is used before it is defined is the stage all the same, and refused', async () => {
    expect(await failure('FROM busybox AS a\nCOPY --from=B x /\nFROM busybox AS b\nFROM a\n')).toMatchObject({
      code: 'STAGE_ORDER_INVALID',
    });
  });

  test('images of stages nobody needs are not asked for', async () => {
    const { asked } = await lower('FROM nowhere/x AS unused\nCOPY --from=nowhere/y a /\nFROM busybox\n');

    expect(asked).toEqual(['docker.io/library/busybox:latest']);
  });
});

describe('commands', () => {
  test.each([
    ['CMD a\nENTRYPOINT ["e"]', ['/bin/sh', '-c', 'a']],
    ['ENTRYPOINT ["e"]\nCMD ["a"]', ['a']],
    ['ENTRYPOINT ["e"]', undefined],
    ['CMD []', []],
  ])('%j leaves CMD %j', async (instructions, expected) => {
    const { config } = await lower(`FROM base\n${instructions}\n`, {}, { base: { Cmd: ['base'] } });

    expect(config.config?.Cmd ?? undefined).toEqual(expected);
  });

  test('the shell of Windows is cmd', async () => {
    const { json } = await lower('FROM scratch\nRUN dir\n', {
      platforms: [{ os: 'windows', architecture: 'amd64' }],
    });

    expect(json('RUN')).toContain('"args":["cmd","/S","/C","dir"]');
  });

  test('a list that is no JSON is a command for the shell', async () => {
    const { history } = await lower("FROM busybox\nRUN ['a', 'b']\nRUN [\"a\"] b\n");

    expect(history).toEqual(["RUN /bin/sh -c ['a', 'b'] # buildkit", 'RUN /bin/sh -c ["a"] b # buildkit']);
  });
});

describe('places', () => {
  test.each([
    ['../../a', '/a'],
    ['/a/', '/a'],
    ['./a/../b', '/b'],
    ['.', '/'],
  ])('source %s is %s', async (source, expected) => {
    expect((await lower(`FROM busybox\nCOPY ${source} /\n`)).json('COPY')).toContain(`"src":"${expected}"`);
  });

  test.each([
    ['.', '/w/'],
    ['x', '/w/x'],
    ['./x/', '/w/x/'],
    ['../../../x', '/x'],
    ['/x/', '/x/'],
  ])('destination %s is %s', async (destination, expected) => {
    expect((await lower(`FROM busybox\nWORKDIR /w\nCOPY a ${destination}\n`)).json('COPY')).toContain(
      `"dest":"${expected}"`,
    );
  });

  test('several sources need no slash at the end of the destination', async () => {
    expect((await lower('FROM busybox\nCOPY a b /c\n')).json('COPY')).toContain('"src":"/b","dest":"/c"');
  });

  test('a relative target of a mount stands in the working folder', async () => {
    expect((await lower('FROM busybox\nWORKDIR /w\nRUN --mount=target=m x\n')).json('RUN')).toContain(
      '"dest":"/w/m"',
    );
  });
});
