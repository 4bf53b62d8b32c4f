// SPDX-License-Identifier: MIT

import { describeResolver } from '@img-build/testkit';
import { afterAll, beforeAll } from '@jest/globals';
import { createRegistryClient, type RegistryClient } from '../src/index.ts';
import { type DockerRegistry, startDockerRegistry } from './support/docker-registry.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

let registry: DockerRegistry;
let client: RegistryClient;

beforeAll(async () => {
  registry = await startDockerRegistry({ folder: await temporaryFolder() });
  client = createRegistryClient({ environment: {}, retry: { baseDelay: 1 } });
});

afterAll(async () => {
  await client.close();
  await registry.stop();
});

describeResolver('the client with docker-registry over http', async () => ({
  port: client,
  domain: registry.host,
}));
