// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { fixedCredentials } from '../src/index.ts';
import { failure } from '../src/testing/index.ts';
import { blobOf, failureOf, openClient, openRegistry, readAll, storeImage } from './support/setup.ts';
import { guardWithTokens } from './support/token-server.ts';

const ALICE = { type: 'basic', username: 'alice', password: 's3cret:pässword' } as const;
const challenge = (value: string) => ({ status: 401, headers: { 'www-authenticate': value } });

describe('a registry that wants tokens', () => {
  test('gets one token for many requests, made for what is wanted', async () => {
    const registry = await openRegistry();
    const { reference, layer, layerBytes } = storeImage(registry);
    const server = guardWithTokens(registry);
    const { client } = openClient();

    await Promise.all([client.resolve(reference), client.manifest(reference)]);
    const bytes = await readAll(client.blob(reference, layer));

    expect(bytes.equals(layerBytes)).toBe(true);
    expect(server.asked).toEqual([{ method: 'GET', scopes: ['repository:app:pull'], service: 'test' }]);
  });

  test('never hears of the password, which goes to the token server alone', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    guardWithTokens(registry, { users: { alice: ALICE.password } });
    const { client, events } = openClient({ credentials: fixedCredentials({ [registry.host]: ALICE }) });

    await client.resolve(reference);

    const withBasic = registry.requests
      .filter(({ headers }) => headers['authorization']?.startsWith('Basic '))
      .map(({ path }) => path);
    expect(withBasic).toEqual([
      expect.stringMatching(/^\/token\?service=test&scope=repository%3Aapp%3Apull&account=alice$/),
    ]);
    expect(JSON.stringify(events)).not.toMatch(/s3cret|token-|scope=/);
  });

  test('asks for a login when it gives no token to strangers', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    guardWithTokens(registry, { users: { alice: ALICE.password } });

    expect(await failureOf(openClient().client.resolve(reference))).toMatchObject({
      code: 'REGISTRY_UNAUTHORIZED',
      hint: `log in first: img login ${registry.host}`,
    });
    const wrong = openClient({
      credentials: fixedCredentials({ [registry.host]: { ...ALICE, password: 'wrong' } }),
    });
    const refused = await failureOf(wrong.client.resolve(reference));
    expect(refused).toMatchObject({ code: 'REGISTRY_UNAUTHORIZED', host: registry.host });
    expect(refused.message).toBe(`${registry.host} refused the user name or password`);
  });

  test.each([
    ['no realm', 'Bearer service="x"', 'REGISTRY_PROTOCOL', 'does not say where'],
    ['a realm that is no address', 'Bearer realm="nowhere"', 'REGISTRY_PROTOCOL', 'no web address'],
    [
      'a realm of another kind',
      'Bearer realm="ftp://x.test/"',
      'REGISTRY_REDIRECT_REFUSED',
      'without encryption',
    ],
    [
      'the realm of the cloud',
      'Bearer realm="http://169.254.169.254/latest"',
      'REGISTRY_REDIRECT_REFUSED',
      'private',
    ],
    ['another scheme only', 'Negotiate abc==', 'REGISTRY_UNAUTHORIZED', 'knows only negotiate'],
    ['nothing', '', 'REGISTRY_UNAUTHORIZED', 'does not say how'],
  ])('that names %s is an error at once', async (_name, header, code, text) => {
    const registry = await openRegistry();
    registry.always(/./, challenge(header));
    const { client, timing } = openClient();

    const error = await failureOf(client.resolve(storeImage(registry).reference));

    expect(error.code).toBe(code);
    expect(error.message).toContain(registry.host);
    expect(error.message).toContain(text);
    expect([registry.requests.length, timing.sleeps.length]).toEqual([1, 0]);
  });

  test('is understood through several challenges in one header and through escapes', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    registry.once(
      / \/v2\//,
      challenge(
        `Negotiate, Basic realm="a, b", Bearer service="a \\"b\\", c",realm="${registry.origin}/token?x=1,2"`,
      ),
    );
    registry.once(/\/token/, { status: 200, body: '{"access_token":"abc"}' });
    const { client } = openClient();

    await client.resolve(reference);

    expect(registry.requests[1]?.path).toBe(
      '/token?x=1%2C2&service=a+%22b%22%2C+c&scope=repository%3Aapp%3Apull',
    );
    expect(registry.requests[2]?.headers['authorization']).toBe('Bearer abc');
  });

  test('has a token server that recovers', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    guardWithTokens(registry);
    registry.once(/\/token/, { status: 503 }, { status: 503 });
    const { client, timing } = openClient();

    await client.resolve(reference);

    expect(timing.sleeps).toEqual([200, 400]);
  });

  test.each([
    ['a web page', '<html>hello</html>', 'no token in the answer of '],
    ['other things', '{"secret":"hunter2"}', 'no token in the answer of '],
    ['a page that repeats what it was sent', `<p>${ALICE.password}</p>`, 'the token server of '],
    [
      'a page that repeats the header',
      `<p>${Buffer.from(`alice:${ALICE.password}`).toString('base64')}</p>`,
      'the token server of ',
    ],
    ['a token with a line break', '{"token":"a\\r\\nb: c"}', 'no token in the answer of '],
  ])('has a token server that sends %s', async (_name, body, text) => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    guardWithTokens(registry);
    registry.once(/\/token/, { status: 200, body });

    const error = await failureOf(
      openClient({ credentials: fixedCredentials({ [registry.host]: ALICE }) }).client.resolve(reference),
    );

    expect(error.code).toBe('REGISTRY_PROTOCOL');
    expect(error.message).toContain(text);
    expect(error.message).not.toMatch(/hunter2|s3cret|YWxpY2U6/);
    expect(error.message.length).toBeLessThan(400);
  });

  test('gets a new token before the old one expires', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    const server = guardWithTokens(registry, { lifetime: 1 });
    const { client, timing } = openClient();

    await client.resolve(reference);
    timing.advance(899);
    await client.resolve(reference);
    expect(server.asked).toHaveLength(1);
    timing.advance(1);
    await client.resolve(reference);

    expect(server.asked).toHaveLength(2);
    expect(registry.requests.filter(({ path }) => path.startsWith('/v2/'))).toHaveLength(4);
  });

  test('gets a new token when it forgets the old one in the middle of a push', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    const server = guardWithTokens(registry);
    const { client } = openClient();
    const blob = blobOf(Buffer.alloc(100_000, 'new'));
    registry.once(/^PUT .*uploads/, async ({ response, read }) => {
      await read();
      server.revoke();
      response
        .writeHead(401, {
          'www-authenticate': `Bearer realm="${registry.origin}/token",service="test",error="invalid_token"`,
        })
        .end();
    });

    expect(await client.pushBlob(reference, blob)).toBe('uploaded');

    expect(registry.storage.repository('app').blobs.get(blob.descriptor.digest)?.length).toBe(100_000);
    expect(server.asked).toHaveLength(2);
  });

  test('that refuses a fresh token denies access, after one try', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    guardWithTokens(registry);
    registry.always(/never/, { status: 500 });
    registry.once(
      / \/v2\//,
      ...Array.from({ length: 9 }, () =>
        challenge(`Bearer realm="${registry.origin}/token",scope="repository:app:pull"`),
      ),
    );
    const { client } = openClient({ credentials: fixedCredentials({ [registry.host]: ALICE }) });

    const error = await failureOf(client.resolve(reference));

    expect(error).toMatchObject({ code: 'REGISTRY_DENIED', status: 401, repository: 'app' });
    expect(registry.trace().filter((line) => line.includes('/v2/'))).toHaveLength(2);
  });

  test('may ask for more than expected, once', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    guardWithTokens(registry);
    const more = challenge(
      `Bearer realm="${registry.origin}/token",error="insufficient_scope",scope="repository:other:pull"`,
    );
    const { client } = openClient();
    await client.resolve(reference);

    registry.once(/ \/v2\//, more);
    await client.resolve(reference);
    expect(registry.trace().at(-2)).toBe(
      'GET /token?scope=repository%3Aother%3Apull&scope=repository%3Aapp%3Apull',
    );

    const before = registry.requests.length;
    registry.once(/ \/v2\//, more, more, more, more);
    expect((await failureOf(client.resolve(reference))).code).toBe('REGISTRY_UNAUTHORIZED');
    // Refused with the usual token, and again with the one for both that is known from before.
    expect(registry.trace().slice(before)).toEqual([
      'GET /token?scope=repository%3Aapp%3Apull',
      'HEAD /v2/app/manifests/1',
      'HEAD /v2/app/manifests/1',
    ]);
  });
});

describe('an identity token', () => {
  const identity = { type: 'identity-token', token: 'keep-me', username: 'alice' } as const;

  test('is exchanged by POST', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    guardWithTokens(registry, { users: {}, refreshToken: 'keep-me' });
    const { client } = openClient({ credentials: fixedCredentials({ [registry.host]: identity }) });

    await client.resolve(reference);

    const { method, body } = registry.requests[1] ?? { method: '', body: '' };
    expect(method).toBe('POST');
    expect(Object.fromEntries(new URLSearchParams(body.toString()))).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'keep-me',
      client_id: 'img-build',
      service: 'test',
      scope: 'repository:app:pull',
    });
  });

  test('is exchanged by GET where POST is unknown', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    guardWithTokens(registry, { users: { alice: 'keep-me' } });
    registry.once(/^POST \/token/, { status: 404 });

    await openClient({ credentials: fixedCredentials({ [registry.host]: identity }) }).client.resolve(
      reference,
    );

    expect(registry.trace()).toContainEqual(expect.stringMatching(/^GET \/token/));
  });

  test('that is no longer good asks for a new login', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    guardWithTokens(registry);
    registry.once(/^POST \/token/, { status: 400, body: '{"error":"invalid_grant"}' });

    const error = await failureOf(
      openClient({ credentials: fixedCredentials({ [registry.host]: identity }) }).client.resolve(reference),
    );

    expect(error).toMatchObject({
      code: 'REGISTRY_UNAUTHORIZED',
      hint: `log in again: img login ${registry.host}`,
    });
    expect(error.message).toBe(`the login at ${registry.host} has expired`);
  });
});

describe('a registry that wants a name and password', () => {
  test('gets them after it asked', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    registry.always(/ \/v2\//, async ({ request, response, proceed }) => {
      if (
        request.headers.authorization === `Basic ${Buffer.from('alice:s3cret:pässword').toString('base64')}`
      )
        await proceed();
      else response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    });
    const { client } = openClient({ credentials: fixedCredentials({ [registry.host]: ALICE }) });

    await client.resolve(reference);
    await client.resolve(reference);

    expect(registry.requests).toHaveLength(3);
    expect((await failureOf(openClient().client.resolve(reference))).code).toBe('REGISTRY_UNAUTHORIZED');
    const wrong = openClient({
      credentials: fixedCredentials({ [registry.host]: { ...ALICE, password: 'wrong' } }),
    });
    expect((await failureOf(wrong.client.resolve(reference))).code).toBe('REGISTRY_DENIED');
  });

  test('gets a token that is to be used as it is', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    registry.once(/ \/v2\//, challenge('Basic realm="x"'));

    await openClient({
      credentials: fixedCredentials({ [registry.host]: { type: 'bearer', token: 'as-is' } }),
    }).client.resolve(reference);

    expect(registry.requests[1]?.headers['authorization']).toBe('Bearer as-is');
  });
});

test('a mount asks for a token of its own and falls back without harm', async () => {
  const registry = await openRegistry();
  const { reference, layer, layerBytes } = storeImage(registry);
  const server = guardWithTokens(registry);
  const { client } = openClient();
  const other = { domain: reference.domain, path: 'other' };

  expect(await client.pushBlob(other, { ...blobOf(layerBytes), mountFrom: ['app'] })).toBe('mounted');
  expect(server.asked.map(({ scopes }) => scopes.join(' '))).toEqual([
    'repository:other:pull,push',
    'repository:other:pull,push repository:app:pull',
  ]);

  registry.once(/^POST .*mount=/, failure(401, 'UNAUTHORIZED'));
  expect(
    await client.pushBlob({ ...other, path: 'third' }, { ...blobOf(layerBytes), mountFrom: ['app'] }),
  ).toBe('uploaded');
  expect(registry.storage.repository('third').blobs.has(layer.digest)).toBe(true);
});
