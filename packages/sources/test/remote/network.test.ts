// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { proxyFor } from '../../src/remote/proxy.ts';
import { isPublicAddress } from '../../src/remote/public-address.ts';

test.each([
  ['127.0.0.1'],
  ['10.1.2.3'],
  ['172.31.0.1'],
  ['192.168.1.1'],
  ['169.254.169.254'],
  ['100.64.0.1'],
  ['0.0.0.0'],
  ['255.255.255.255'],
  ['::1'],
  ['::'],
  ['::ffff:10.0.0.1'],
  ['::ffff:7f00:1'],
  ['fe80::1'],
  ['fd00::1'],
  ['64:ff9b::7f00:1'],
  ['2002:7f00:1::'],
  ['not an address'],
])('%s is not of the internet', (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

test.each([['1.1.1.1'], ['172.32.0.1'], ['2606:4700:4700::1111'], ['::ffff:1.1.1.1'], ['100.128.0.1']])(
  '%s is of the internet',
  (address) => {
    expect(isPublicAddress(address)).toBe(true);
  },
);

describe('the proxy', () => {
  const env = { http_proxy: 'http://p:1', HTTPS_PROXY: 'http://s:2', no_proxy: 'a.com, .b.com,c.com:8080' };

  test.each([
    ['http://x.org/', 'http://p:1'],
    ['https://x.org/', 'http://s:2'],
    ['http://localhost:5000/', undefined],
    ['http://127.0.0.1/', undefined],
    ['http://a.com/', undefined],
    ['http://sub.a.com/', undefined],
    ['http://nota.com/', 'http://p:1'],
    ['http://sub.b.com/', undefined],
    ['http://c.com/', 'http://p:1'],
    ['http://c.com:8080/', undefined],
  ])('for %s is %s', (url, proxy) => {
    expect(proxyFor(new URL(url), env)).toBe(proxy);
  });

  test('is none where none is set, or none is wanted', () => {
    expect(proxyFor(new URL('http://x.org'), {})).toBeUndefined();
    expect(proxyFor(new URL('http://x.org'), { ...env, no_proxy: '*' })).toBeUndefined();
    expect(proxyFor(new URL('http://x.org'), { all_proxy: 'http://all:3' })).toBe('http://all:3');
  });
});
