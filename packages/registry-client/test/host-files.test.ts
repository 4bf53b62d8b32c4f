// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { parseBuildkitToml } from '../src/hosts/buildkitd-toml.ts';
import { hostFolderNames } from '../src/hosts/certificate-folder.ts';
import { parseHostsToml } from '../src/hosts/hosts-toml.ts';
import { matchEntry, parseRegistriesConf, rewriteName } from '../src/hosts/registries-conf.ts';
import { settingsPlaces } from '../src/hosts/settings-places.ts';
import { failureOf } from './support/setup.ts';

const refusalOf = async (work: () => unknown): Promise<string> => {
  const error = await failureOf((async () => work())());
  expect(error.code).toBe('REGISTRY_SETTINGS_INVALID');
  return error.message;
};

describe('hosts.toml', () => {
  const parse = (text: string) => parseHostsToml(text, '/c/r.test/hosts.toml', '/c/r.test');

  test('names hosts in the order of the file, with their capabilities', () => {
    const { hosts, server } = parse(`
      server = "https://registry.test"
      [host."https://9.test"]
        capabilities = ["pull", "resolve"]
      [host."http://1.test:5000"]
      [host."m.test"]
        capabilities = ["referrers"]
    `);

    expect(hosts.map(({ host, facts, can }) => [host, facts.scheme, can && [...can]])).toEqual([
      ['9.test', 'https', ['pull', 'resolve']],
      ['1.test:5000', 'http', undefined],
      ['m.test', 'https', ['referrers']],
    ]);
    expect(server).toMatchObject({ host: 'registry.test', root: '/v2', can: undefined });
  });

  test.each([
    ['a bare host', 'https://m.test', '', '/v2'],
    ['a path', 'https://m.test/cache/', '', '/cache/v2'],
    ['a path that ends in the version', 'https://m.test/cache/v2', '', '/cache/v2'],
    ['a path to be taken as it is', 'https://m.test/v2/proxy', 'override_path = true', '/v2/proxy'],
    ['no path, to be taken as it is', 'https://m.test', 'override_path = true', ''],
    ['a path that goes upwards', 'https://m.test/a/../b', '', '/b/v2'],
  ])('puts repositories behind %s', (_name, url, more, root) => {
    expect(parse(`[host."${url}"]\n${more}`).hosts[0]?.root).toBe(root);
  });

  test('finds certificates beside itself, in every way they may be written', () => {
    const facts = (text: string) => parse(`[host."https://m.test"]\n${text}`).hosts[0]?.facts;

    expect(facts('ca = "ca.pem"')?.caFiles).toEqual(['/c/r.test/ca.pem']);
    expect(facts('ca = ["/etc/a.pem", "../b.pem"]')?.caFiles).toEqual(['/etc/a.pem', '/c/b.pem']);
    expect(facts('client = "both.pem"')?.clientFiles).toEqual([{ cert: '/c/r.test/both.pem' }]);
    expect(facts('client = ["a.pem", "b.pem"]')?.clientFiles).toHaveLength(2);
    expect(facts('client = [["a.cert", "/k/a.key"], ["b.pem", ""]]')?.clientFiles).toEqual([
      { cert: '/c/r.test/a.cert', key: '/k/a.key' },
      { cert: '/c/r.test/b.pem', key: undefined },
    ]);
  });

  test('holds headers, time limits and doubts about certificates, for the registry itself too', () => {
    const { server } = parse(`
      skip_verify = true
      dial_timeout = "1m1.5s"
      [header]
        X-Team = ["a", "b"]
        authorization = "Basic x"
    `);

    expect(server).toMatchObject({
      host: undefined,
      facts: {
        skipVerify: true,
        connectTimeout: 61_500,
        headers: { 'x-team': 'a, b', authorization: 'Basic x' },
      },
    });
  });

  test.each([
    ['an unknown capability', '[host."https://m"]\ncapabilities = ["read"]', /capability "read" is unknown/],
    ['a host that is no table', 'host."https://m" = 1', /is not a table/],
    ['an address with a password', '[host."https://u:p@m"]', /more than a host and a path/],
    ['an address with a query', '[host."https://m?x=1"]', /more than a host and a path/],
    ['no address', 'server = "https://"', /is no address/],
    ['a number for a text', 'ca = 1', /ca is not a text/],
    ['a text for a flag', 'skip_verify = "yes"', /skip_verify is not true or false/],
    ['a strange client', 'client = [["a", "b", "c"]]', /client is not/],
    ['a header nobody can send', 'header = { "a b" = "x" }', /cannot be sent/],
    ['a header with a line break', 'header = { a = "x\\r\\ny" }', /cannot be sent/],
    ['a strange time', 'dial_timeout = "soon"', /not a duration/],
  ])('with %s is refused', async (_name, text, why) => {
    const message = await refusalOf(() => parse(text));

    expect(message).toMatch(why);
    expect(message).toContain('/c/r.test/hosts.toml');
    expect(message).not.toContain('u:p');
  });
});

describe('buildkitd.toml', () => {
  const parse = (text: string) => parseBuildkitToml(text, '/b/buildkitd.toml').registries;

  test('names mirrors below a path and certificates, among sections for the daemon', () => {
    const registries = parse(`
      debug = true
      [worker.oci]
        gckeepstorage = 9000
        [[worker.oci.gcpolicy]]
          filters = ["type==source.local"]
      [registry."docker.io"]
        mirrors = ["m.test:5000/hub/", "http://plain.test", "[::1]:5000"]
        ca = ["/etc/m.pem", "own.pem"]
        tlsconfigdir = ["/etc/certs"]
        [[registry."docker.io".keypair]]
          key = "/k.pem"
          cert = "/c.pem"
      [registry."plain.test"]
        http = true
      [registry."loose.test"]
        insecure = true
    `);

    expect(registries.get('docker.io')).toEqual({
      mirrors: [
        { host: 'm.test:5000', prefix: '/hub', scheme: undefined },
        { host: 'plain.test', prefix: '', scheme: 'http' },
        { host: '[::1]:5000', prefix: '', scheme: undefined },
      ],
      certificateFolders: ['/etc/certs'],
      facts: {
        caFiles: ['/etc/m.pem', '/b/own.pem'],
        clientFiles: [{ cert: '/c.pem', key: '/k.pem' }],
        scheme: undefined,
        skipVerify: undefined,
        allowHttp: undefined,
      },
    });
    expect(registries.get('plain.test')?.facts.scheme).toBe('http');
    expect(registries.get('loose.test')?.facts).toMatchObject({ skipVerify: true, allowHttp: true });
  });

  test.each([
    ['a mirror with a password', 'mirrors = ["u:p@m.test"]', /is no host/],
    ['a mirror of another kind', 'mirrors = ["ftp://m.test"]', /is no host/],
    ['a text for a flag', 'http = "true"', /http is not true or false/],
    ['a keypair without certificate', '[[registry."x".keypair]]\nkey = "k"', /no cert/],
  ])('with %s is refused', async (_name, text, why) => {
    expect(await refusalOf(() => parse(`[registry."x"]\n${text}`))).toMatch(why);
  });
});

describe('registries.conf', () => {
  const parse = (text: string) => parseRegistriesConf(text, '/r.conf');

  test('holds prefixes, locations and mirrors', () => {
    const { entries, shortNames } = parse(`
      unqualified-search-registries = ["docker.io"]
      [[registry]]
      prefix = "example.com/foo/"
      location = "internal.test:5000/bar"
      insecure = true
      [[registry.mirror]]
      location = "m.test/baz"
      pull-from-mirror = "tag-only"
      [[registry]]
      location = "digests.test"
      mirror-by-digest-only = true
      [[registry.mirror]]
      location = "m.test"
      insecure = true
      [[registry]]
      prefix = "*.bad.test"
      blocked = true
    `);

    expect(shortNames).toBe(true);
    expect(entries).toEqual([
      expect.objectContaining({
        prefix: 'example.com/foo',
        location: 'internal.test:5000/bar',
        insecure: true,
        blocked: false,
        mirrors: [{ location: 'm.test/baz', insecure: false, only: 'tag' }],
      }),
      expect.objectContaining({
        prefix: 'digests.test',
        mirrors: [{ location: 'm.test', insecure: true, only: 'digest' }],
      }),
      expect.objectContaining({ prefix: '*.bad.test', location: '', blocked: true }),
    ]);
  });

  test.each([
    ['version 1', '[registries.search]\nregistries = ["docker.io"]', /version 1/],
    ['a registry without a name', '[[registry]]\nblocked = true', /neither prefix nor location/],
    ['a prefix without location', '[[registry]]\nprefix = "a.test"', /no location/],
    ['a prefix twice', '[[registry]]\nlocation = "a"\n[[registry]]\nprefix = "a/"\nlocation = "b"', /twice/],
    ['a scheme', '[[registry]]\nlocation = "https://a.test"', /must not have a scheme/],
    ['a * elsewhere', '[[registry]]\nprefix = "a.*.test"\nlocation = "b"', /\*/],
    ['a mirror without a place', '[[registry]]\nlocation = "a"\n[[registry.mirror]]', /no location/],
    [
      'an unknown way to mirror',
      '[[registry]]\nlocation = "a"\n[[registry.mirror]]\nlocation = "m"\npull-from-mirror = "some"',
      /unknown pull-from-mirror/,
    ],
  ])('with %s is refused', async (_name, text, why) => {
    expect(await refusalOf(() => parse(text))).toMatch(why);
  });

  test.each([
    ['docker.io/library/busybox', 'docker.io', 'm.test/hub', 'm.test/hub/library/busybox'],
    ['docker.io/library/busybox', 'docker.io/library', 'm.test', 'm.test/busybox'],
    ['r.test/a/b', 'r.test/a/b', 'm.test/x', 'm.test/x'],
    ['eu.r.test/a', '*.r.test', 'm.test/x', 'm.test/x/a'],
    ['eu.r.test:5000/a', '*.r.test:5000', '', 'eu.r.test:5000/a'],
    ['eu.r.test/ns/a', '*.r.test/ns', 'm.test', 'm.test/a'],
  ])('leads %s by the prefix %s and the location %j to %s', (name, prefix, location, expected) => {
    const [entry] = parse(`[[registry]]\nprefix = "${prefix}"\nlocation = "${location}"`).entries;
    const match = matchEntry(entry === undefined ? [] : [entry], name);

    expect(rewriteName(name, match?.length ?? -1, location)).toBe(expected);
  });

  test.each([
    ['r.test:5000/a', 'r.test'],
    ['r.test/abc', 'r.test/ab'],
    ['r.test.evil/a', 'r.test'],
    ['r.test/a', '*.r.test'],
    ['x/eu.r.test/a', '*.r.test'],
  ])('does not take %s for something of %s', (name, prefix) => {
    expect(
      matchEntry(parse(`[[registry]]\nprefix = "${prefix}"\nlocation = "x"`).entries, name),
    ).toBeUndefined();
  });

  test('takes the longest prefix, whatever the order', () => {
    const part = fc.constantFrom('a', 'b', 'ab');
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.array(part, { maxLength: 3 }), {
          minLength: 1,
          selector: (parts) => parts.join('/'),
        }),
        fc.array(part, { minLength: 1, maxLength: 4 }),
        (prefixes, rest) => {
          const name = ['r.test', ...rest].join('/');
          const texts = prefixes.map((parts) => ['r.test', ...parts].join('/'));
          const { entries } = parse(texts.map((prefix) => `[[registry]]\nlocation = "${prefix}"`).join('\n'));
          const covering = texts.filter((prefix) => name === prefix || name.startsWith(`${prefix}/`));
          const longest = covering.toSorted((one, other) => other.length - one.length)[0];

          expect(matchEntry(entries, name)?.entry.prefix).toBe(longest);
        },
      ),
    );
  });
});

describe('the places of settings', () => {
  test('are those of the user before those of the machine', () => {
    const { hostFolders, buildkit, registries } = settingsPlaces({}, '/h', '/etc');

    expect(hostFolders).toEqual([
      '/h/.config/img/certs.d',
      '/h/.config/containers/certs.d',
      '/h/.config/docker/certs.d',
      '/h/.docker/certs.d',
      '/h/.config/containerd/certs.d',
      '/etc/containers/certs.d',
      '/etc/docker/certs.d',
      '/etc/containerd/certs.d',
    ]);
    expect(buildkit).toEqual(['/h/.config/buildkit/buildkitd.toml', '/etc/buildkit/buildkitd.toml']);
    expect(registries).toEqual(['/h/.config/containers/registries.conf', '/etc/containers/registries.conf']);
  });

  test('follow the variables for them', () => {
    const places = settingsPlaces({ XDG_CONFIG_HOME: '/x', CONTAINERS_REGISTRIES_CONF: '/r' }, '/h', '/etc');

    expect(places.hostFolders[0]).toBe('/x/img/certs.d');
    expect(places.registries).toEqual(['/r']);
  });

  test.each([
    ['r.test', ['r.test']],
    ['r.test:5000', ['r.test_5000_', 'r.test:5000']],
    ['[::1]:5000', ['[::1]_5000_', '[::1]:5000']],
    ['..', []],
    ['.hidden', []],
    ['a/b', []],
    ['', []],
  ])('have folders of %j at %j', (host, names) => {
    expect(hostFolderNames(host)).toEqual(names);
  });
});
