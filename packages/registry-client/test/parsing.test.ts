// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseChallenges } from '../src/auth/challenge.ts';
import { coversScopes, mergeScopes } from '../src/auth/scope.ts';
import { finishLocation, uploadLocation } from '../src/endpoints/upload-location.ts';
import { connectionHost } from '../src/hosts/host-settings.ts';
import { proxyFor } from '../src/hosts/proxy.ts';
import { hostReach, mayLeadTo } from '../src/http/private-address.ts';

describe('parseChallenges', () => {
  const parse = (...values: string[]) =>
    parseChallenges(values).map(({ scheme, parameters }) => ({ scheme, ...parameters }));

  test.each<[string, Record<string, string>[]]>([
    [
      'Bearer realm="https://a/t",service="s",scope="repository:x:pull repository:y:pull"',
      [
        {
          scheme: 'bearer',
          realm: 'https://a/t',
          service: 's',
          scope: 'repository:x:pull repository:y:pull',
        },
      ],
    ],
    ['BASIC Realm="a, b"', [{ scheme: 'basic', realm: 'a, b' }]],
    [
      'Basic realm="a",Bearer realm=b',
      [
        { scheme: 'basic', realm: 'a' },
        { scheme: 'bearer', realm: 'b' },
      ],
    ],
    [
      'Negotiate, NTLM abc==, Bearer realm="x"',
      [{ scheme: 'negotiate' }, { scheme: 'ntlm' }, { scheme: 'bearer', realm: 'x' }],
    ],
    ['Bearer realm="a \\"b\\" \\\\"', [{ scheme: 'bearer', realm: 'a "b" \\' }]],
    ['Bearer realm = "a" , service = b', [{ scheme: 'bearer', realm: 'a', service: 'b' }]],
    [
      'Bearer realm=https://a/t?x=1,service=s',
      [{ scheme: 'bearer', realm: 'https://a/t?x=1', service: 's' }],
    ],
    ['Bearer realm="a",realm="b"', [{ scheme: 'bearer', realm: 'a' }]],
    ['Bearer realm="unterminated', [{ scheme: 'bearer', realm: '' }, { scheme: 'unterminated' }]],
    ['', []],
    [',,"(]', []],
  ])('reads %s', (value, expected) => {
    expect(parse(value)).toEqual(expected);
  });

  test('gives back what was written, in one header or in several', () => {
    const text = fc.string({ maxLength: 20 }).filter((value) => !/[\r\n]/.test(value));
    const challenges = fc.array(
      fc.record({ scheme: fc.constantFrom('basic', 'bearer', 'digest'), realm: text, service: text }),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(challenges, (list) => {
        const quote = (value: string): string => `"${value.replace(/["\\]/g, '\\$&')}"`;
        const values = list.map(
          ({ scheme, realm, service }) => `${scheme} realm=${quote(realm)},service=${quote(service)}`,
        );
        expect(parse(values.join(', '))).toEqual(list);
        expect(parse(...values)).toEqual(list);
      }),
    );
  });

  test('ends on any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'aB1 =,"\\;<>é\t'), maxLength: 60 }), (value) => {
        expect(Array.isArray(parseChallenges([value]))).toBe(true);
      }),
    );
    expect(parseChallenges([`Bearer ${'a="'.repeat(100_000)}`]).length).toBeGreaterThan(0);
  });
});

describe('scopes', () => {
  test('are merged by resource, in the order of the resources', () => {
    expect(
      mergeScopes(['repository:b:push', 'repository:a:pull', 'repository:b:pull', 'registry:catalog:*']),
    ).toEqual(['repository:b:pull,push', 'repository:a:pull', 'registry:catalog:*']);
  });

  test('cover what they name', () => {
    expect(coversScopes(['repository:a:pull,push'], ['repository:a:pull'])).toBe(true);
    expect(coversScopes(['repository:a:pull'], ['repository:a:pull,push'])).toBe(false);
    expect(coversScopes(['repository:a:pull'], [])).toBe(true);
  });
});

describe('a proxy', () => {
  const proxies = {
    HTTPS_PROXY: 'http://secure:1',
    http_proxy: 'plain:2',
    NO_PROXY: 'no.test, .sub.test,10.0.0.0/8,port.test:5000,[fd00::1]',
  };

  test.each([
    ['https://r.test/', 'http://secure:1'],
    ['http://r.test/', 'http://plain:2'],
    ['https://no.test/', undefined],
    ['https://a.no.test/', undefined],
    ['https://nono.test/', 'http://secure:1'],
    ['https://a.sub.test/', undefined],
    ['https://10.1.2.3/', undefined],
    ['https://11.1.2.3/', 'http://secure:1'],
    ['https://port.test:5000/', undefined],
    ['https://port.test/', 'http://secure:1'],
    ['https://[fd00::1]/', undefined],
    ['https://localhost:5000/', undefined],
    ['https://127.0.0.1/', undefined],
  ])('for %s is %s', (url, expected) => {
    expect(proxyFor(new URL(url), proxies)).toBe(expected);
  });

  test('is none without settings, with * and inside CGI', () => {
    expect(proxyFor(new URL('https://r.test'), {})).toBeUndefined();
    expect(proxyFor(new URL('https://r.test'), { ALL_PROXY: 'http://p', NO_PROXY: '*' })).toBeUndefined();
    expect(
      proxyFor(new URL('http://r.test'), { HTTP_PROXY: 'http://p', REQUEST_METHOD: 'GET' }),
    ).toBeUndefined();
  });
});

describe('addresses', () => {
  test.each([
    ['localhost', 'loopback'],
    ['a.localhost', 'loopback'],
    ['127.9.9.9', 'loopback'],
    ['[::1]', 'loopback'],
    ['[::ffff:127.0.0.1]', 'loopback'],
    ['10.0.0.1', 'private'],
    ['172.31.0.1', 'private'],
    ['172.32.0.1', 'public'],
    ['192.168.1.1', 'private'],
    ['169.254.169.254', 'link-local'],
    ['[fe80::1]', 'link-local'],
    ['[fd00::1]', 'private'],
    ['0.0.0.0', 'private'],
    ['8.8.8.8', 'public'],
    ['registry.test', 'public'],
  ])('%s is %s', (host, reach) => {
    expect(hostReach(new URL(`http://${host}/`).hostname)).toBe(reach);
  });

  test('lead from public to private only on the same host', () => {
    const lead = (from: string, to: string): boolean => mayLeadTo(new URL(from), new URL(to));
    expect(lead('https://r.test', 'https://10.0.0.1')).toBe(false);
    expect(lead('https://r.test', 'https://s3.test')).toBe(true);
    expect(lead('http://127.0.0.1:1', 'http://127.0.0.1:2')).toBe(true);
    expect(lead('http://10.0.0.1', 'http://169.254.169.254')).toBe(false);
    expect(lead('http://169.254.169.254', 'http://169.254.169.254/x')).toBe(true);
  });

  test('of Docker Hub are not its name', () => {
    expect([connectionHost('docker.io'), connectionHost('r.test:1')]).toEqual([
      'registry-1.docker.io',
      'r.test:1',
    ]);
  });
});

describe('the place of an upload', () => {
  const digest = `sha256:${'a'.repeat(64)}` as const;
  const base = new URL('https://r.test:5000/');
  const place = (location: string): string =>
    uploadLocation(location, {
      answered: new URL('/v2/x/blobs/uploads/', base),
      base,
      allowPrivateAddresses: false,
    }).href;

  test.each([
    ['http://r.test/v2/x/u', 'https://r.test:5000/v2/x/u'],
    ['https://u:p@r.test:5000/u', 'https://r.test:5000/u'],
    ['https://s3.test/u?a=%2F&b', 'https://s3.test/u?a=%2F&b'],
    ['r.test/u', 'https://r.test:5000/u'],
    ['cdn.test:99/u', 'https://cdn.test:99/u'],
    ['?x=1', 'https://r.test:5000/v2/x/blobs/uploads/?x=1'],
  ])('%s is %s', (location, expected) => {
    expect(place(location)).toBe(expected);
  });

  test.each(['http://s3.test/u', 'https://10.0.0.1/u', 'ftp://r.test/u', 'https://[', ' '])(
    '%j is refused',
    (location) => {
      expect(() => place(location)).toThrow(expect.objectContaining({ name: 'RegistryError' }));
    },
  );

  test('keeps its query to the letter when the digest is added', () => {
    const tail = `digest=sha256%3A${'a'.repeat(64)}`;
    for (const [before, after] of [
      ['/u', '?'],
      ['/u?', ''],
      ['/u?a=%2f+%20&&b', '&'],
    ] as const) {
      expect(finishLocation(new URL(`https://r.test${before}`), digest).href).toBe(
        `https://r.test${before}${after}${tail}`,
      );
    }
  });
});
