// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { fixedCredentials } from '../src/index.ts';
import { failureOf, openClient, openRegistry, readAll, storeImage } from './support/setup.ts';
import { guardWithTokens } from './support/token-server.ts';

const ALICE = { type: 'basic', username: 'alice', password: 's3cret' } as const;
const challenge = (...values: readonly string[]) => ({
  status: 401,
  headers: { 'www-authenticate': values as unknown as string },
});

describe('a host that a registry redirects to and that wants a login', () => {
  test('gets a token that anybody gets, fetched without credentials, which stays there', async () => {
    const [registry, storage] = [await openRegistry(), await openRegistry()];
    const { reference, layer, layerBytes } = storeImage(registry);
    guardWithTokens(registry, { users: { alice: 's3cret' } });
    const { client } = openClient({
      credentials: fixedCredentials({ [registry.host]: ALICE, [storage.host]: ALICE }),
    });
    await client.resolve(reference);
    registry.once(/blobs/, { status: 307, headers: { location: `${storage.origin}/data` } });
    storage.once(/data/, challenge(`Bearer realm="${storage.origin}/anybody",service="st",scope="read"`));
    storage.once(/anybody/, { status: 200, body: '{"token":"public"}' });
    storage.once(/data/, { status: 200, body: layerBytes });

    const bytes = await readAll(client.blob(reference, layer));
    await client.resolve(reference);

    expect(bytes.equals(layerBytes)).toBe(true);
    expect(storage.trace()).toEqual(['GET /data', 'GET /anybody?service=st&scope=read', 'GET /data']);
    expect(storage.requests.map(({ headers }) => headers['authorization'])).toEqual([
      undefined,
      undefined,
      'Bearer public',
    ]);
    expect(registry.requests.at(-1)?.headers['authorization']).toBe('Bearer token-1');
  });

  test.each([
    ['a password', 'Basic realm="x"', 'REGISTRY_UNAUTHORIZED'],
    [
      'a token from inside a private network',
      'Bearer realm="http://169.254.169.254/token"',
      'REGISTRY_REDIRECT_REFUSED',
    ],
  ])('does not get it when it wants %s', async (_name, header, code) => {
    const [registry, storage] = [await openRegistry(), await openRegistry()];
    const { reference, layer } = storeImage(registry);
    registry.always(/blobs/, { status: 307, headers: { location: `${storage.origin}/data` } });
    storage.always(/data/, challenge(header));
    const { client } = openClient({
      credentials: fixedCredentials({ [registry.host]: ALICE, [storage.host]: ALICE }),
    });

    const error = await failureOf(readAll(client.blob(reference, layer)));

    expect(error.code).toBe(code);
    expect(
      [...registry.requests, ...storage.requests].filter(
        ({ headers }) => headers['authorization'] !== undefined,
      ),
    ).toEqual([]);
  });
});

describe('a token server', () => {
  test('that redirects elsewhere does not take the credentials along', async () => {
    const [registry, thief] = [await openRegistry(), await openRegistry()];
    const { reference } = storeImage(registry);
    guardWithTokens(registry);
    registry.always(/ignored/, { status: 404 });
    thief.always(/./, { status: 401 });
    const login = fixedCredentials({ [registry.host]: ALICE });
    const redirect = { status: 307, headers: { location: `${thief.origin}/steal` } };

    // A password by GET and then by POST, and an identity token by POST.
    registry.once(/^GET \/token/, redirect);
    registry.once(/^POST \/token/, redirect);
    const first = await failureOf(openClient({ credentials: login }).client.resolve(reference));
    registry.once(/^POST \/token/, redirect);
    const identity = fixedCredentials({ [registry.host]: { type: 'identity-token', token: 's3cret' } });
    const second = await failureOf(openClient({ credentials: identity }).client.resolve(reference));

    expect(first.code).toBe('REGISTRY_UNAUTHORIZED');
    expect(second.code).toBe('REGISTRY_REDIRECT_REFUSED');
    expect(thief.requests).toHaveLength(1);
    for (const { headers, body } of thief.requests)
      expect(`${JSON.stringify(headers)}${body.toString()}`).not.toMatch(/authorization|s3cret/);
  });

  test.each<[string, Record<string, unknown>, number]>([
    [
      'issued a while ago is renewed that much earlier',
      { expires_in: 100, issued_at: '2025-12-31T23:59:20Z' },
      50_000,
    ],
    ['from the future lives from now on', { expires_in: 100, issued_at: '2026-01-02T00:00:00Z' }, 90_000],
    [
      'issued at the beginning of time lives from now on',
      { expires_in: 100, issued_at: '0001-01-01T00:00:00Z' },
      90_000,
    ],
    ['without a lifetime lives for a minute', {}, 54_000],
    ['with a strange lifetime lives for a minute', { expires_in: '1e9' }, 54_000],
  ])('may give a token that %s', async (_name, answer, milliseconds) => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    registry.once(/ \/v2\//, challenge(`Bearer realm="${registry.origin}/token"`));
    registry.always(/\/token/, { status: 200, body: JSON.stringify({ token: 'abc', ...answer }) });
    const { client, timing } = openClient();
    const asked = (): number => registry.trace().filter((line) => line.includes('/token')).length;

    await client.resolve(reference);
    timing.advance(milliseconds - 1);
    await client.resolve(reference);
    expect(asked()).toBe(1);
    timing.advance(1);
    await client.resolve(reference);
    expect(asked()).toBe(2);
  });

  test('is asked once by many, and one that gives up does not stop the others', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    const server = guardWithTokens(registry);
    const { client, timing } = openClient();
    await client.resolve(reference);
    timing.advance(1_000_000);
    const { promise: waiting, resolve: arrived } = Promise.withResolvers<void>();
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    registry.once(/\/token/, async ({ response }) => {
      arrived();
      await held;
      response.end('{"token":"late","expires_in":60}');
    });
    registry.always(/never/, { status: 500 });
    const abort = new AbortController();

    const impatient = failureOf(client.resolve(reference, { signal: abort.signal }));
    await waiting;
    const patient = Array.from({ length: 5 }, async () => await failureOf(client.resolve(reference)));
    abort.abort(new Error('enough'));
    expect((await impatient).message).toBe('enough');
    release();
    await Promise.all(patient);

    expect(registry.trace().filter((line) => line.includes('/token'))).toHaveLength(server.asked.length + 1);
    expect(
      registry.requests.filter(({ headers }) => headers['authorization'] === 'Bearer late').length,
    ).toBeGreaterThanOrEqual(5);
  });
});

test('challenges in several headers are one list, and tokens are preferred', async () => {
  const registry = await openRegistry();
  const { reference } = storeImage(registry);
  registry.once(
    / \/v2\//,
    challenge('Basic realm="x"', 'Digest realm="y"', `Bearer realm="${registry.origin}/token"`),
  );
  registry.once(/\/token/, { status: 200, body: '{"token":"abc"}' });
  const { client } = openClient({ credentials: fixedCredentials({ [registry.host]: ALICE }) });

  await client.resolve(reference);

  expect(registry.requests.at(-1)?.headers['authorization']).toBe('Bearer abc');
  expect(
    registry.requests
      .filter(({ path }) => path.startsWith('/v2/'))
      .map(({ headers }) => headers['authorization']),
  ).toEqual([undefined, 'Bearer abc']);
});

test.each([
  ['a name with a colon', { ...ALICE, username: 'a:b' }],
  ['an empty name', { ...ALICE, username: '' }],
  ['an empty password', { ...ALICE, password: '' }],
])('%s is never sent as it stands', async (_name, account) => {
  const registry = await openRegistry();
  const { reference } = storeImage(registry);
  registry.always(/./, challenge('Basic realm="x"'));
  const { client } = openClient({ credentials: fixedCredentials({ [registry.host]: account }) });

  await failureOf(client.resolve(reference));

  expect(registry.requests.map(({ headers }) => headers['authorization'])).toEqual([undefined]);
});

test('each namespace of a registry may have a login of its own', async () => {
  const registry = await openRegistry();
  registry.always(/ \/v2\//, challenge('Basic realm="x"'));
  const credentials = {
    find: async (_domain: string, path: string | undefined) =>
      ({ type: 'basic', username: path?.split('/')[0] ?? 'nobody', password: 'x' }) as const,
  };
  const { client } = openClient({ credentials });

  for (const path of ['one/app', 'two/app'])
    await failureOf(client.resolve({ domain: registry.host, path, tag: '1' }));

  const names = registry.requests.flatMap(({ headers }) => {
    const [, text] = (headers['authorization'] ?? '').split(' ');
    return text === undefined ? [] : [Buffer.from(text, 'base64').toString()];
  });
  expect(names).toEqual(['one:x', 'two:x']);
});

test('a registry that names other scopes each time is given up', async () => {
  const registry = await openRegistry();
  const { reference } = storeImage(registry);
  let count = 0;
  registry.always(/ \/v2\//, ({ response }) => {
    response
      .writeHead(401, {
        'www-authenticate': `Bearer realm="${registry.origin}/token",scope="repository:s${++count}:pull",error="insufficient_scope"`,
      })
      .end();
  });
  registry.always(/\/token/, ({ response }) => void response.end(`{"token":"t${count}"}`));
  const { client } = openClient({ credentials: fixedCredentials({ [registry.host]: ALICE }) });

  const error = await failureOf(client.resolve(reference));

  expect(error.code).toBe('REGISTRY_UNAUTHORIZED');
  expect(count).toBeLessThanOrEqual(3);
});
