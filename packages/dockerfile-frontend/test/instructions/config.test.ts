// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { failure, lower, PATH } from '../lower.ts';

describe('instructions that change the config', () => {
  test.each([
    ['ENV A=1 B="2 3"', { Env: [PATH, 'A=1', 'B=2 3'] }, 'ENV A=1 B=2 3'],
    ['ENV A 1 2', { Env: [PATH, 'A=1 2'] }, 'ENV A=1 2'],
    ['LABEL a=1 "b c"=\'2\'', { Labels: { a: '1', 'b c': '2' } }, 'LABEL a=1 b c=2'],
    [
      'CMD echo hi',
      { Cmd: ['/bin/sh', '-c', 'echo hi'], ArgsEscaped: true },
      'CMD ["/bin/sh" "-c" "echo hi"]',
    ],
    ['CMD ["a","b\\tc"]', { Cmd: ['a', 'b\tc'] }, 'CMD ["a" "b\\tc"]'],
    ['CMD []', { Cmd: [] }, 'CMD []'],
    ['ENTRYPOINT ["/e"]', { Entrypoint: ['/e'] }, 'ENTRYPOINT ["/e"]'],
    [
      'ENTRYPOINT []junk',
      { Entrypoint: ['/bin/sh', '-c', '[]junk'] },
      'ENTRYPOINT ["/bin/sh" "-c" "[]junk"]',
    ],
    [
      'EXPOSE 80 53/UDP 7-8',
      { ExposedPorts: { '80/tcp': {}, '53/udp': {}, '7/tcp': {}, '8/tcp': {} } },
      'EXPOSE [53/udp 7/tcp 8/tcp 80/tcp]',
    ],
    ['EXPOSE 5/SCTP 4', { ExposedPorts: { '4/tcp': {}, '5/sctp': {} } }, 'EXPOSE [4/tcp 5/sctp]'],
    ['EXPOSE 127.0.0.1:8080:80', { ExposedPorts: { '80/tcp': {} } }, 'EXPOSE [80/tcp]'],
    ['USER nobody-knows', { User: 'nobody-knows' }, 'USER nobody-knows'],
    ['USER app:staff', { User: 'app:staff' }, 'USER app:staff'],
    ['VOLUME /a /b', { Volumes: { '/a': {}, '/b': {} } }, 'VOLUME [/a /b]'],
    ['VOLUME ["/a b"]', { Volumes: { '/a b': {} } }, 'VOLUME [/a b]'],
    ['STOPSIGNAL SIGRTMIN+3', { StopSignal: 'SIGRTMIN+3' }, 'STOPSIGNAL SIGRTMIN+3'],
    ['STOPSIGNAL term', { StopSignal: 'term' }, 'STOPSIGNAL term'],
    ['STOPSIGNAL 9', { StopSignal: '9' }, 'STOPSIGNAL 9'],
    ['SHELL ["/bin/bash", "-c"]', { Shell: ['/bin/bash', '-c'] }, 'SHELL [/bin/bash -c]'],
    [
      'HEALTHCHECK NONE',
      { Healthcheck: { Test: ['NONE'] } },
      'HEALTHCHECK {Test:[NONE] Interval:0s Timeout:0s StartPeriod:0s StartInterval:0s Retries:0}',
    ],
    [
      'HEALTHCHECK --interval=90s --timeout=1500ms --retries=2 CMD ["c", "d"]',
      { Healthcheck: { Test: ['CMD', 'c', 'd'], Interval: 90e9, Timeout: 1.5e9, Retries: 2 } },
      'HEALTHCHECK {Test:[CMD c d] Interval:1m30s Timeout:1.5s StartPeriod:0s StartInterval:0s Retries:2}',
    ],
    [
      'HEALTHCHECK --interval=0 --timeout=1ms --start-period=0s --start-interval=4s --retries=0 CMD c "d"',
      { Healthcheck: { Test: ['CMD-SHELL', 'c "d"'], Timeout: 1e6, StartInterval: 4e9 } },
      'HEALTHCHECK {Test:[CMD-SHELL c "d"] Interval:0s Timeout:1ms StartPeriod:0s StartInterval:4s Retries:0}',
    ],
    ['ONBUILD RUN x', { OnBuild: ['RUN x'] }, undefined],
  ])('%s', async (instruction, config, created) => {
    const { config: found, history, names } = await lower(`FROM busybox\n${instruction}\n`);

    expect(found.config).toMatchObject(config);
    expect(history).toEqual(created === undefined ? [] : [created]);
    expect(names).toHaveLength(1);
  });

  test('MAINTAINER is the author', async () => {
    expect((await lower('FROM busybox\nMAINTAINER Me <me@x>\n')).config.author).toBe('Me <me@x>');
  });

  test('entries without a layer say so', async () => {
    const { config } = await lower('FROM busybox\nENV A=1\nRUN x\nWORKDIR /w\nWORKDIR /\n');

    expect(config.history?.map((entry) => entry.empty_layer ?? false)).toEqual([
      false,
      true,
      false,
      false,
      true,
    ]);
    expect(config.history?.[1]).toEqual({
      created_by: 'ENV A=1',
      comment: 'buildkit.dockerfile.v0',
      empty_layer: true,
    });
  });

  test('all variables of one ENV have the values from before it', async () => {
    const { config } = await lower('FROM busybox\nENV abc=hello\nENV abc=bye def=$abc\nENV ghi=$abc\n');

    expect(config.config?.Env).toEqual([PATH, 'abc=bye', 'def=hello', 'ghi=bye']);
  });

  test('ENTRYPOINT drops the CMD of the base, not the one of its own stage', async () => {
    const base = { busybox: { Cmd: ['base'] } };

    expect((await lower('FROM busybox\nENTRYPOINT ["e"]\n', {}, base)).config.config?.Cmd).toBeNull();
    expect((await lower('FROM busybox\nCMD ["c"]\nENTRYPOINT ["e"]\n', {}, base)).config.config?.Cmd).toEqual(
      ['c'],
    );
    expect((await lower('FROM busybox\nENTRYPOINT ["e"]\nCMD ["c"]\n', {}, base)).config.config?.Cmd).toEqual(
      ['c'],
    );
  });

  test('the last CMD and ENTRYPOINT count, and empty ones clear what the base has', async () => {
    const base = { busybox: { Cmd: ['base'], Entrypoint: ['base'] } };
    const both = 'CMD ["a"]\nENTRYPOINT ["a"]\nCMD ["b"]\nENTRYPOINT ["b"]\n';

    expect((await lower(`FROM busybox\n${both}`, {}, base)).config.config).toMatchObject({
      Cmd: ['b'],
      Entrypoint: ['b'],
    });
    expect((await lower('FROM busybox\nENTRYPOINT []\nCMD []\n', {}, base)).config.config).toMatchObject({
      Cmd: [],
      Entrypoint: [],
    });
  });

  test('SHELL counts from its line on, also for stages from this one', async () => {
    const { config, json } = await lower(
      'FROM busybox AS a\nRUN one\nSHELL ["sh2", "-e"]\nFROM a\nRUN two\nCMD three\n',
    );

    expect(json('RUN one')).toContain('["/bin/sh","-c","one"]');
    expect(json('RUN two')).toContain('["sh2","-e","two"]');
    expect(config.config?.Cmd).toEqual(['sh2', '-e', 'three']);
  });

  test('EXPOSE splits after expansion, others before', async () => {
    const { config } = await lower('FROM busybox\nENV P="3000 4000/udp"\nEXPOSE $P\nLABEL p=$P\n');

    expect(Object.keys(config.config?.ExposedPorts ?? {})).toEqual(['3000/tcp', '4000/udp']);
    expect(config.config?.Labels).toEqual({ p: '3000 4000/udp' });
  });

  test('lists of the base are added to; labels of the options win and are not expanded', async () => {
    const base = {
      busybox: {
        Labels: { a: '1', b: '1' },
        ExposedPorts: { '1/tcp': {} },
        Volumes: { '/v': {} },
        Env: ['A=1', 'PATH=/p'],
      },
    };
    const { config } = await lower(
      'FROM busybox\nLABEL b=2 c=2\nEXPOSE 2\nVOLUME /w\nENV A=2\n',
      { labels: { c: '$A' } },
      base,
    );

    expect(config.config).toMatchObject({
      Labels: { a: '1', b: '2', c: '$A' },
      ExposedPorts: { '1/tcp': {}, '2/tcp': {} },
      Volumes: { '/v': {}, '/w': {} },
      Env: ['A=2', 'PATH=/p'],
    });
  });

  test.each([
    ['STOPSIGNAL SIGFOO', 'invalid signal: SIGFOO'],
    ['EXPOSE 80/foo', 'invalid proto: foo'],
    ['EXPOSE 9-8', 'invalid containerPort: 9-8'],
    ['EXPOSE 70000', 'invalid containerPort: 70000'],
    ['EXPOSE 1-2:1-3', 'invalid ranges specified for container and host Ports: 1-3 and 1-2'],
    ['EXPOSE x:1:2', 'invalid IP address: x'],
    ['VOLUME $UNSET', 'VOLUME specified can not be an empty string'],
  ])('refuses %s', async (instruction, message) => {
    expect(await failure(`FROM busybox\n${instruction}\n`)).toMatchObject({
      code: 'INSTRUCTION_INVALID',
      message,
      ranges: [{ startLine: 2, endLine: 2 }],
    });
  });
});

describe('WORKDIR', () => {
  test('makes the folder for the current user, relative to the last one', async () => {
    const { json, config, names } = await lower(
      'FROM busybox\nUSER 5:6\nWORKDIR /a\nWORKDIR ../b/./c\nRUN x\n',
    );

    expect(config.config?.WorkingDir).toBe('/b/c');
    expect(names).toContain('[3/4] WORKDIR ../b/./c');
    expect(json('../b')).toContain(
      '{"mkdir":{"path":"/b/c","mode":493,"makeParents":true,"owner":{"user":{"User":{"byId":5}},"group":{"User":{"byId":6}}},"timestamp":-1}}',
    );
    expect(json('RUN')).toContain('"cwd":"/b/c","user":"5:6"');
  });

  test('leaves names of users to those who make the folder', async () => {
    expect((await lower('FROM busybox\nUSER app:staff\nWORKDIR /a\n')).json('WORKDIR')).toContain(
      '"owner":{"user":{"User":{"byName":{"name":"app"}}},"group":{"User":{"byName":{"name":"staff"}}}}',
    );
  });

  test('starts from that of the base; / makes no layer', async () => {
    const { config, names } = await lower(
      'FROM busybox\nWORKDIR x\nWORKDIR /\n',
      {},
      { busybox: { WorkingDir: '/base/' } },
    );

    expect(names.at(-1)).toBe('[2/3] WORKDIR x');
    expect(config.config?.WorkingDir).toBe('/');
    expect(config.history?.at(-2)?.created_by).toBe('WORKDIR /base/x');
  });
});
