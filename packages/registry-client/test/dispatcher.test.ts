// SPDX-License-Identifier: MIT
import { expect, test } from '@jest/globals';
import { Agent } from 'undici';
import { openClient, openRegistry, readAll, storeImage } from './support/setup.ts';

test('a dispatcher of the caller carries everything and stays open', async () => {
  const registry = await openRegistry();
  const { reference, layer, layerBytes } = storeImage(registry);
  const paths: string[] = [];
  const agent = new Agent();
  const dispatcher = agent.compose((dispatch) => (options, handler) => {
    paths.push(`${options.method} ${options.path}`);
    return dispatch(options, handler);
  });
  const { client } = openClient({ dispatcher });

  await client.resolve(reference);
  expect((await readAll(client.blob(reference, layer))).equals(layerBytes)).toBe(true);
  await client.close();

  expect(paths).toEqual(registry.trace());
  expect(agent.closed || agent.destroyed).toBe(false);
  await agent.close();
});
