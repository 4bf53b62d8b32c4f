// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  atDigest,
  familiarName,
  familiarReference,
  formatReference,
  isReference,
  isTag,
  parseReference,
  type Reference,
  repositoryName,
  withDigest,
  withTag,
} from '../src/index.ts';

const SHA256 = `sha256:${'a1'.repeat(32)}` as const;

describe('parseReference', () => {
  test.each<[string, Reference]>([
    ['ubuntu', { domain: 'docker.io', path: 'library/ubuntu', tag: 'latest' }],
    ['ubuntu:5000', { domain: 'docker.io', path: 'library/ubuntu', tag: '5000' }],
    ['library/ubuntu', { domain: 'docker.io', path: 'library/ubuntu', tag: 'latest' }],
    ['moby/buildkit:v0.20', { domain: 'docker.io', path: 'moby/buildkit', tag: 'v0.20' }],
    ['index.docker.io/x', { domain: 'docker.io', path: 'library/x', tag: 'latest' }],
    ['docker.io/library/x', { domain: 'docker.io', path: 'library/x', tag: 'latest' }],
    ['localhost/x', { domain: 'localhost', path: 'x', tag: 'latest' }],
    ['localhost:5000/a/b:c', { domain: 'localhost:5000', path: 'a/b', tag: 'c' }],
    ['Host/x', { domain: 'Host', path: 'x', tag: 'latest' }],
    ['[::1]:5000/x', { domain: '[::1]:5000', path: 'x', tag: 'latest' }],
    ['gcr.io/a/b/c__d/e---f.g', { domain: 'gcr.io', path: 'a/b/c__d/e---f.g', tag: 'latest' }],
    [`x@${SHA256}`, { domain: 'docker.io', path: 'library/x', digest: SHA256 }],
    [`r.test/x:1@${SHA256}`, { domain: 'r.test', path: 'x', tag: '1', digest: SHA256 }],
  ])('reads %s', (text, expected) => {
    expect(parseReference(text)).toEqual(expected);
  });

  test.each([
    '',
    ':tag',
    '@',
    `@${SHA256}`,
    'Ubuntu',
    'a/B',
    'a//b',
    '/a',
    'a/',
    'a_-b',
    'a..b',
    'a___b',
    'a:',
    'a:b:c',
    `a:${'x'.repeat(129)}`,
    'a:-x',
    'a@sha256:abc',
    `a@SHA256:${'a1'.repeat(32)}`,
    `a@sha256:${'A1'.repeat(32)}`,
    `a@md5:${'a1'.repeat(16)}`,
    'a1'.repeat(32),
    'x'.repeat(256),
    `r.test/${'x'.repeat(256)}`,
    '-a.test/x',
    'a-.test/x',
    'host:/x',
    'host:abc/x',
    '[fe80::1%eth0]/x',
    'a.test:1:2/x',
    ' a',
    'a b',
    'ä',
    'https://r.test/x',
    '../x',
    'r.test/../x',
    `${'a-'.repeat(5000)}!`,
  ])('refuses %j', (text) => {
    expect(isReference(text)).toBe(false);
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: 'REFERENCE_INVALID' }));
  });

  test('names the cause', () => {
    expect(() => parseReference('r.test/App')).toThrow(
      'invalid reference "r.test/App": the repository name must be lower case',
    );
    expect(() => parseReference('a:!')).toThrow('"!" is not a tag');
  });
});

const component = fc.stringMatching(/^[a-z0-9]{1,8}((\.|_|__|-{1,3})[a-z0-9]{1,8}){0,2}$/);
const path = fc.array(component, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const domain = fc.oneof(
  fc.constant('docker.io'),
  fc.constant('localhost'),
  fc.stringMatching(/^[a-z0-9]{1,8}\.[a-zA-Z]{2,4}(:[0-9]{1,5})?$/),
);
const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/);
const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `sha256:${hex}` as const);
const references = fc
  .record({ domain, path, tag, digest, parts: fc.constantFrom('tag', 'digest', 'both') })
  .filter(({ path: text }) => !/^[0-9a-f]{64}$/.test(text))
  .map(({ parts, ...all }): Reference => {
    const name = {
      domain: all.domain,
      path: all.domain === 'docker.io' && !all.path.includes('/') ? `library/${all.path}` : all.path,
    };
    if (parts === 'tag') return { ...name, tag: all.tag };
    return parts === 'digest'
      ? { ...name, digest: all.digest }
      : { ...name, tag: all.tag, digest: all.digest };
  });

describe('a reference', () => {
  test('survives formatting in full and in short form', () => {
    fc.assert(
      fc.property(references, (reference) => {
        expect(parseReference(formatReference(reference))).toEqual(reference);
        expect(parseReference(familiarReference(reference))).toEqual(reference);
      }),
    );
  });

  test('is either refused or stable, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'aZ09._-:/@[]%'), maxLength: 40 }), (text) => {
        if (!isReference(text)) return;
        const reference = parseReference(text);
        expect(parseReference(formatReference(reference))).toEqual(reference);
      }),
    );
  });

  test.each([
    ['docker.io/library/busybox:1', 'busybox'],
    ['docker.io/library/a/b', 'docker.io/library/a/b', 'library/a/b'],
    ['docker.io/a/b', 'a/b'],
    ['docker.io/a.b/c', 'docker.io/a.b/c'],
    ['docker.io/localhost/c', 'docker.io/localhost/c'],
    ['r.test/library/x', 'r.test/library/x'],
  ])('%s is familiar as %s', (text, ...names) => {
    expect(names).toContain(familiarName(parseReference(text)));
  });

  test('changes its tag and digest', () => {
    const reference = parseReference('r.test/a:1');
    expect(repositoryName(reference)).toBe('r.test/a');
    expect(formatReference(withTag(withDigest(reference, SHA256), '2'))).toBe('r.test/a:2');
    expect(formatReference(withDigest(reference, SHA256))).toBe(`r.test/a:1@${SHA256}`);
    expect(formatReference(atDigest(reference, SHA256))).toBe(`r.test/a@${SHA256}`);
    expect(() => withTag(reference, 'a b')).toThrow(expect.objectContaining({ code: 'REFERENCE_INVALID' }));
    expect([isTag('v1'), isTag('.v1'), isTag('')]).toEqual([true, false, false]);
  });
});
