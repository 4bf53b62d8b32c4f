// SPDX-License-Identifier: MIT
import { describe, expect, test } from '@jest/globals';
import { createCredentialStore, login } from '../src/index.ts';
import { failureOf, openClient, openRegistry, storeImage } from './support/setup.ts';
import { temporaryFolder } from './support/temporary-folder.ts';
import { guardWithTokens } from './support/token-server.ts';

const ACCOUNT = { username: 'alice', password: 'pass' };

describe('a login at a registry with a token server', () => {
  test('keeps the identity token, with which later requests work', async () => {
    const registry = await openRegistry();
    const { reference } = storeImage(registry);
    const server = guardWithTokens(registry, { users: { alice: 'pass' }, refreshToken: 'for-long' });
    const store = createCredentialStore({ environment: {}, home: await temporaryFolder() });

    await login(registry.host, ACCOUNT, { store, environment: {} });

    expect(await store.find(registry.host, 'app')).toEqual({
      type: 'identity-token',
      token: 'for-long',
      username: 'alice',
    });
    expect(registry.trace()[1]).toBe(
      'GET /token?service=test&account=alice&offline_token=true&client_id=img-build',
    );
    await openClient({ credentials: store }).client.resolve(reference);
    expect(server.asked.at(-1)).toMatchObject({ method: 'POST', scopes: ['repository:app:pull'] });
  });

  test('keeps the password where there is no identity token', async () => {
    const registry = await openRegistry();
    guardWithTokens(registry, { users: { alice: 'pass' } });
    const store = createCredentialStore({ environment: {}, home: await temporaryFolder() });

    await login(registry.host, ACCOUNT, { store, environment: {} });

    expect(await store.find(registry.host, 'app')).toEqual({ type: 'basic', ...ACCOUNT });
  });

  test.each([
    ['a wrong password', { ...ACCOUNT, password: 'wrong' }, 'REGISTRY_UNAUTHORIZED'],
    ['no password', { ...ACCOUNT, password: '' }, 'REGISTRY_CREDENTIALS_INVALID'],
    ['a name with a colon', { ...ACCOUNT, username: 'a:b' }, 'REGISTRY_CREDENTIALS_INVALID'],
  ])('with %s keeps nothing', async (_name, account, code) => {
    const registry = await openRegistry();
    guardWithTokens(registry, { users: { alice: 'pass' } });
    const store = createCredentialStore({ environment: {}, home: await temporaryFolder() });

    expect((await failureOf(login(registry.host, account, { store, environment: {} }))).code).toBe(code);
    expect(await store.find(registry.host, 'app')).toBeUndefined();
  });
});

test('a login at a registry that lets everybody in is kept', async () => {
  const registry = await openRegistry();
  const store = createCredentialStore({ environment: {}, home: await temporaryFolder() });

  await login(registry.host, ACCOUNT, { store, environment: {} });

  expect(registry.trace()).toEqual(['GET /v2/']);
  expect(await store.find(registry.host, undefined)).toEqual({ type: 'basic', ...ACCOUNT });
});

test('a login at something that is no registry fails', async () => {
  const registry = await openRegistry();
  registry.always(/./, { status: 404, body: 'nothing here' });
  const store = createCredentialStore({ environment: {}, home: await temporaryFolder() });

  expect((await failureOf(login(registry.host, ACCOUNT, { store, environment: {} }))).code).toBe(
    'REGISTRY_NOT_FOUND',
  );
});
