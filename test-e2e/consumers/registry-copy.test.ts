// SPDX-License-Identifier: MIT
/* The program of the registry client's README, copying between two registries of the packed package's own. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { must } from '../support/run.ts';
import { installPacked, ROOT } from './packed.ts';

/** Starts two registries with an account each, puts a signed image into one, runs the program, and looks into the other. */
const STAGE = `
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { createRegistryClient, fixedCredentials, parseReference } from '@img-build/registry-client';
import { startScriptedRegistry } from '@img-build/registry-client/testing';

const [source, target] = await Promise.all([
  startScriptedRegistry({ accounts: { reader: 'one password' } }),
  startScriptedRegistry({ accounts: { writer: 'another' }, referrers: false }),
]);
const client = createRegistryClient({
  credentials: fixedCredentials({
    [source.host]: { type: 'basic', username: 'reader', password: 'one password' },
    [target.host]: { type: 'basic', username: 'writer', password: 'another' },
  }),
});
const from = parseReference(source.host + '/app:1');
const digestOf = (bytes) => 'sha256:' + createHash('sha256').update(bytes).digest('hex');
const describe = (bytes, mediaType) => ({ mediaType, digest: digestOf(bytes), size: bytes.length });
const mediaType = 'application/vnd.oci.image.manifest.v1+json';
const empty = Buffer.from('{}');
const config = describe(empty, 'application/vnd.oci.empty.v1+json');
await client.pushBlob(from, { descriptor: config, open: async function* (offset) { yield empty.subarray(offset); } });
const image = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [] }));
await client.pushManifest(from, mediaType, image);
const signature = Buffer.from(JSON.stringify({
  schemaVersion: 2, mediaType, artifactType: 'application/signature', config, layers: [], subject: describe(image, mediaType),
}));
await client.pushManifest({ domain: from.domain, path: from.path, digest: digestOf(signature) }, mediaType, signature);

const copy = target.host + '/copies/app:1';
const env = { PATH: process.env.PATH, SOURCE_PASSWORD: 'one password', TARGET_PASSWORD: 'another' };
const { stdout } = await promisify(execFile)(process.execPath, ['copy.js', source.host + '/app:1', copy], { env });
const refused = await promisify(execFile)(process.execPath, ['copy.js', source.host + '/app:1', copy], {
  env: { ...env, TARGET_PASSWORD: 'wrong' },
}).then(() => 'nothing', ({ stderr }) => /REGISTRY_[A-Z]+/.exec(stderr)?.[0]);
const found = [];
for await (const { digest } of client.referrers({ ...parseReference(copy), digest: digestOf(image) })) found.push(digest);
console.log(JSON.stringify({
  stdout,
  refused,
  same: (await client.resolve(parseReference(copy))).digest === digestOf(image),
  signed: found.length === 1 && found[0] === digestOf(signature),
  image: digestOf(image),
}));
await client.close();
await Promise.all([source.close(), target.close()]);
`;

let folder: string;

beforeAll(async () => {
  folder = await installPacked('registry-client');
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('fifteen lines copy an image and what refers to it between registries with different passwords', async () => {
  const readme = readFileSync(join(folder, 'node_modules/@img-build/registry-client/README.md'), 'utf8');
  const program = /```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  writeFileSync(join(folder, 'copy.js'), program);
  writeFileSync(join(folder, 'stage.js'), STAGE);

  const { stdout } = await must(process.execPath, ['stage.js'], { cwd: folder });

  const { image, ...seen } = JSON.parse(stdout) as Record<string, unknown>;
  expect(seen).toEqual({
    stdout: `${image} with 1 referrers, 1 blobs sent\n`,
    refused: 'REGISTRY_DENIED',
    same: true,
    signed: true,
  });
  expect(program.trim().split('\n').length).toBeLessThanOrEqual(15);
});

test('the program is typed', async () => {
  const readme = readFileSync(join(ROOT, 'packages/registry-client/README.md'), 'utf8');
  const blocks = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code = '']) => code);
  const compilerOptions = {
    target: 'es2024',
    module: 'nodenext',
    strict: true,
    noEmit: true,
    types: ['node'],
    typeRoots: [join(ROOT, 'node_modules/@types')],
    skipLibCheck: true,
  };
  const files = blocks.map((code, index) => {
    writeFileSync(join(folder, `block${index}.ts`), code);
    return `block${index}.ts`;
  });
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));

  expect(files).toHaveLength(2);
  await must(join(ROOT, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.json'], { cwd: folder });
});
