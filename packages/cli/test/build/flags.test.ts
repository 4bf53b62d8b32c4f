// SPDX-License-Identifier: MIT
import { resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseAddHost } from '../../src/build/flags/add-host.ts';
import { parseAnnotation } from '../../src/build/flags/annotation.ts';
import { parseCallSpec } from '../../src/build/flags/call-spec.ts';
import { parseEntitlement } from '../../src/build/flags/entitlement.ts';
import { progressMode } from '../../src/build/flags/progress-mode.ts';
import { parseSecretSpec } from '../../src/build/flags/secret-spec.ts';
import { parseShmSize } from '../../src/build/flags/shm-size.ts';
import { parseSshSpec } from '../../src/build/flags/ssh-spec.ts';
import { parseUlimit } from '../../src/build/flags/ulimit.ts';

const usage = (message: string): unknown =>
  expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(message) });

describe('--add-host', () => {
  test.each([
    ['db:10.0.0.7', 'db', '10.0.0.7'],
    ['db=10.0.0.7', 'db', '10.0.0.7'],
    ['six:::1', 'six', '::1'],
    ['six=[fe80::1]', 'six', 'fe80::1'],
    ['host.docker.internal:host-gateway', 'host.docker.internal', '127.0.0.1'],
  ])('%s', (text, host, ip) => {
    expect(parseAddHost(text)).toEqual({ host, ip });
  });

  test.each([
    ['', 'bad format for add-host: ""'],
    ['db', 'bad format'],
    ['db:', 'bad format'],
    [':1.2.3.4', 'bad format'],
    ['db:1.2.3', 'invalid IP address in add-host: "1.2.3"'],
    ['db:1.2.3.4 evil', 'invalid IP address'],
    ['a\nb:1.2.3.4', 'invalid host name'],
  ])('%j is refused', (text, message) => {
    expect(() => parseAddHost(text)).toThrow(usage(message));
  });
});

describe('--annotation', () => {
  test.each([
    ['a=b', [{ target: 'manifest', key: 'a', value: 'b' }]],
    ['a=b:c=d', [{ target: 'manifest', key: 'a', value: 'b:c=d' }]],
    ['index:a=', [{ target: 'index', key: 'a', value: '' }]],
    [
      'index,manifest-descriptor:a=b',
      [
        { target: 'index', key: 'a', value: 'b' },
        { target: 'manifest-descriptor', key: 'a', value: 'b' },
      ],
    ],
    ['org.example.a:b=c', [{ target: 'manifest', key: 'org.example.a:b', value: 'c' }]],
  ])('%s', (text, expected) => {
    expect(parseAnnotation(text)).toEqual(expected.map((each) => expect.objectContaining(each)));
  });

  test('may be for one platform', () => {
    expect(parseAnnotation('manifest[linux/arm64]:a=b')).toEqual([
      {
        target: 'manifest',
        platform: expect.objectContaining({ architecture: 'arm64' }),
        key: 'a',
        value: 'b',
      },
    ]);
  });

  test.each([
    ['a', 'invalid annotation "a"'],
    ['=a', 'invalid annotation'],
    ['manifests:a=b', 'unknown annotation type "manifests" (did you mean manifest?)'],
    ['index[linux/amd64]:a=b', 'an annotation of an index has no platform'],
  ])('%j is refused', (text, message) => {
    expect(() => parseAnnotation(text)).toThrow(usage(message));
  });
});

describe('--ulimit', () => {
  test.each([
    ['nofile=1024', 'nofile', 1024, 1024],
    ['nofile=1024:2048', 'nofile', 1024, 2048],
    ['core=-1', 'core', -1, -1],
    ['core=0:-1', 'core', 0, -1],
  ])('%s', (text, name, soft, hard) => {
    expect(parseUlimit(text)).toEqual({ name, soft, hard });
  });

  test.each([
    ['nofile', 'invalid ulimit argument: nofile'],
    ['=1', 'invalid ulimit argument'],
    ['nofiles=1', 'invalid ulimit type: nofiles (did you mean nofile?)'],
    ['nofile=x', '"x" is not a number'],
    ['nofile=1:', '"" is not a number'],
    ['nofile=2:1', 'less than or equal to hard limit: 2 > 1'],
    ['nofile=-1:1', 'soft is unlimited > 1'],
    ['nofile=99999999999999999999', 'is not a number'],
  ])('%j is refused', (text, message) => {
    expect(() => parseUlimit(text)).toThrow(usage(message));
  });
});

describe('--shm-size', () => {
  test.each([
    ['65536', 65_536],
    ['128m', 128 * 2 ** 20],
    ['1.5GiB', 1.5 * 2 ** 30],
  ])('%s', (text, bytes) => {
    expect(parseShmSize(text)).toBe(bytes);
  });

  test.each(['', '0', '-1', 'much', '1x'])('%j is refused', (text) => {
    expect(() => parseShmSize(text)).toThrow(usage('invalid size'));
  });
});

describe('--allow', () => {
  test.each(['network.host', 'security.insecure', 'device', 'device=vendor.com/gpu'])('%s', (text) => {
    expect(parseEntitlement(text)).toBe(text);
  });

  test.each([
    ['network.hosts', 'unknown entitlement "network.hosts" (did you mean network.host?)'],
    ['device=', 'unknown entitlement'],
  ])('%j is refused', (text, message) => {
    expect(() => parseEntitlement(text)).toThrow(usage(message));
  });
});

describe('--secret', () => {
  const env = { TOKEN: 'x' };

  test.each([
    ['id=a,src=b', { id: 'a', type: 'file', path: resolve('b') }],
    ['src=b,id=a', { id: 'a', type: 'file', path: resolve('b') }],
    ['id=a,source=b', { id: 'a', type: 'file', path: resolve('b') }],
    ['type=file,id=a,src=b', { id: 'a', type: 'file', path: resolve('b') }],
    ['id=a,env=B', { id: 'a', type: 'env', variable: 'B' }],
    ['id=a,type=env,src=B', { id: 'a', type: 'env', variable: 'B' }],
    ['id=TOKEN', { id: 'TOKEN', type: 'env', variable: 'TOKEN' }],
    ['id=TOKEN,type=file', { id: 'TOKEN', type: 'file', path: resolve('TOKEN') }],
    ['id=OTHER', { id: 'OTHER', type: 'file', path: resolve('OTHER') }],
    ['id=OTHER,type=env', { id: 'OTHER', type: 'env', variable: 'OTHER' }],
    ['"id=a,b",src=c', { id: 'a,b', type: 'file', path: resolve('c') }],
  ])('%s', (text, expected) => {
    expect(parseSecretSpec(text, env)).toEqual(expected);
  });

  test.each([
    ['', 'says nothing'],
    ['src=a', 'it has no id'],
    ['a', 'unexpected key "a"'],
    ['id', '"id" is not key=value'],
    ['id=a,file=b', 'unexpected key "file"'],
    ['id=a,id=b', '"id" is given twice'],
    ['id=a,src=b,source=c', 'src and source are the same key'],
    ['id=a,src=b,env=C', 'it comes either from a file or from the environment'],
    ['id=a,type=file,env=C', 'it comes either from a file or from the environment'],
    ['id=a,type=vault', 'unsupported secret type "vault"'],
    ['"id=a', 'quoted-field'],
  ])('%j is refused', (text, message) => {
    expect(() => parseSecretSpec(text, env)).toThrow(usage(message));
  });
});

describe('--ssh', () => {
  test.each([
    ['default', { id: 'default', paths: [] }],
    ['a=/s', { id: 'a', paths: ['/s'] }],
    ['a=k1,/k2', { id: 'a', paths: [resolve('k1'), '/k2'] }],
  ])('%s', (text, expected) => {
    expect(parseSshSpec(text)).toEqual(expected);
  });

  test.each(['', '=k', 'a=', 'a=k,'])('%j is refused', (text) => {
    expect(() => parseSshSpec(text)).toThrow(usage('invalid ssh'));
  });
});

describe('--call', () => {
  test.each([
    ['build', { method: 'build', format: 'text' }],
    ['check', { method: 'check', format: 'text' }],
    ['lint', { method: 'check', format: 'text' }],
    ['outline,format=json', { method: 'outline', format: 'json' }],
    ['check,format=github', { method: 'check', format: 'github' }],
    ['method=targets,format=text', { method: 'targets', format: 'text' }],
  ])('%s', (text, expected) => {
    expect(parseCallSpec(text)).toEqual(expected);
  });

  test.each([
    ['outlin', 'unknown --call method "outlin" (did you mean outline?)'],
    ['', '--call says nothing'],
    ['check,form=json', 'unknown --call key "form"'],
    ['check,format=xml', '--call check has no format "xml"'],
    ['outline,format=sarif', '--call outline has no format "sarif"'],
    ['check,format', 'has no format ""'],
  ])('%j is refused', (text, message) => {
    expect(() => parseCallSpec(text)).toThrow(usage(message));
  });
});

describe('--progress', () => {
  const none = { flag: undefined, quiet: false, noConsole: false, env: {} };

  test('the flag beats --no-console, which beats the environment', () => {
    const env = { IMG_PROGRESS: 'rawjson', BUILDKIT_PROGRESS: 'tty' };
    expect(progressMode(none)).toBe('auto');
    expect(progressMode({ ...none, env: { BUILDKIT_PROGRESS: 'tty' } })).toBe('tty');
    expect(progressMode({ ...none, env })).toBe('rawjson');
    expect(progressMode({ ...none, env, noConsole: true })).toBe('plain');
    expect(progressMode({ ...none, env, noConsole: true, flag: 'tty' })).toBe('tty');
    expect(progressMode({ ...none, env, flag: 'auto' })).toBe('rawjson');
    expect(progressMode({ ...none, env, quiet: true })).toBe('quiet');
  });

  test('what is no mode is refused, wherever it comes from', () => {
    expect(() => progressMode({ ...none, flag: 'fancy' })).toThrow(usage('"fancy" of --progress'));
    expect(() => progressMode({ ...none, env: { BUILDKIT_PROGRESS: 'x' } })).toThrow(
      usage('"x" of BUILDKIT_PROGRESS'),
    );
    expect(() => progressMode({ ...none, quiet: true, flag: 'tty' })).toThrow(
      usage('progress=tty and quiet cannot be used together'),
    );
  });
});
