// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { blobOf, handmadeImage, MANIFEST_TYPE, manifestOf } from '../support/handmade-image.ts';
import { refusalOf } from '../support/refusal.ts';
import { type Script, type ScriptedServer, startScriptedServer } from '../support/scripted-server.ts';
import { testRun } from '../support/test-run.ts';
import { tracesOf } from '../support/traces.ts';
import { openWorkspace, type Workspace } from '../support/workspace.ts';

const { identities } = testRun();
const BYTES = 'application/octet-stream';
const image = handmadeImage([[{ path: 'data', content: randomBytes(50_000).toString('hex') }]]);
const [layer = blobOf(Buffer.alloc(0))] = image.layers;
const wrong = Buffer.alloc(layer.bytes.length, 7);

interface Fault {
  readonly what: string;
  readonly script: Script;
  readonly cause: RegExp;
  readonly hint?: RegExp;
}

/** Answers requests for what matches. */
function answer(
  wanted: RegExp,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer,
): Script {
  return (request, response) => {
    if (!wanted.test(request.url ?? '')) return false;
    response.writeHead(status, headers).end(body);
    return true;
  };
}

const FAULTS: readonly Fault[] = [
  {
    what: '401 without a challenge',
    script: answer(/manifests/, 401, {}, ''),
    cause: /wants a login but does not say how$/,
  },
  {
    what: '401 that asks for a password',
    script: answer(/./, 401, { 'www-authenticate': 'Basic realm="x"' }, ''),
    cause: /wants a login for \S+\/app$/,
    hint: /img login 127\.0\.0\.1:/,
  },
  {
    what: '403',
    script: answer(/manifests/, 403, {}, '{"errors":[{"code":"DENIED","message":"no entry"}]}'),
    cause: /denied|403|no entry/i,
  },
  {
    what: '404',
    script: answer(/manifests/, 404, {}, '{"errors":[{"code":"MANIFEST_UNKNOWN"}]}'),
    cause: /not found/,
  },
  {
    what: 'a page of HTML',
    script: answer(/manifests/, 200, { 'content-type': 'text/html' }, '<html>Log in</html>'),
    cause: /sent a web page$/,
  },
  {
    what: 'a manifest that is no JSON',
    script: answer(/manifests/, 200, { 'content-type': MANIFEST_TYPE }, '{'),
    cause: /JSON|manifest/i,
  },
  {
    what: 'a manifest of 5 MB',
    script: answer(/manifests/, 200, { 'content-type': MANIFEST_TYPE }, Buffer.alloc(5_000_000, 32)),
    cause: /bytes|limit|large/i,
  },
  {
    what: 'a manifest of another digest',
    script: answer(
      /manifests\/sha256/,
      200,
      { 'content-type': MANIFEST_TYPE },
      manifestOf(image.config, []).bytes,
    ),
    cause: /sha256:.*|digest/,
  },
  {
    what: 'a blob with wrong bytes',
    script: answer(new RegExp(layer.digest), 200, { 'content-type': BYTES }, wrong),
    cause: new RegExp(layer.digest),
  },
  {
    what: 'a blob that is too short',
    script: answer(new RegExp(layer.digest), 200, { 'content-type': BYTES }, layer.bytes.subarray(0, 1000)),
    cause: new RegExp(layer.digest),
  },
  {
    what: 'a blob that is too long',
    script: answer(
      new RegExp(layer.digest),
      200,
      { 'content-type': BYTES },
      Buffer.concat([layer.bytes, Buffer.alloc(1000)]),
    ),
    cause: new RegExp(layer.digest),
  },
  {
    what: 'a blob that is gone',
    script: answer(new RegExp(layer.digest), 404, {}, ''),
    cause: new RegExp(layer.digest),
  },
];

describe.each(identities)('a registry that fails, as $kind', (identity) => {
  let work: Workspace;
  let server: ScriptedServer;

  beforeAll(async () => {
    work = openWorkspace(identity);
    server = await startScriptedServer();
    server.documents.set('/v2/app/manifests/1', { type: MANIFEST_TYPE, bytes: image.manifest.bytes });
    server.documents.set(`/v2/app/manifests/${image.manifest.digest}`, {
      type: MANIFEST_TYPE,
      bytes: image.manifest.bytes,
    });
    for (const blob of [image.config, layer])
      server.documents.set(`/v2/app/blobs/${blob.digest}`, { type: BYTES, bytes: blob.bytes });
  });

  beforeEach(() => {
    server.script = () => false;
  });

  afterAll(async () => {
    await server.stop();
    work.remove();
  });

  test.each(FAULTS)('$what', async ({ script, cause, hint }) => {
    const name = `${server.host}/app:1`;
    const target = what(name, script);
    const state = `${work.folder}/state-${server.requests.length}`;
    server.script = script;

    const refusal = refusalOf(await work.img(['pull', target], { state }));

    expect(refusal).toMatchObject({ code: 1, cause: expect.stringMatching(cause), stack: [] });
    if (hint !== undefined) expect(refusal.hint).toMatch(hint);
    expect(`${refusal.cause}${refusal.hint ?? ''}`.length).toBeLessThan(800);
    expect((await work.ok(['ls'], { state })).stdout).not.toContain('app');
    server.script = () => false;
    await work.ok(['pull', target], { state });
    expect(tracesOf({ ...work, state }).files).toEqual([]);
  });

  /** A wrong manifest can only be noticed by who asks for a digest. */
  function what(name: string, script: Script): string {
    return script === FAULTS.find((fault) => fault.what === 'a manifest of another digest')?.script
      ? `${name.slice(0, -2)}@${image.manifest.digest}`
      : name;
  }

  test('nobody listens, and nobody has that name', async () => {
    const dead = await startScriptedServer();
    await dead.stop();

    expect(refusalOf(await work.img(['pull', `${dead.host}/app:1`]))).toMatchObject({
      code: 1,
      cause: expect.stringMatching(`cannot reach ${dead.host}: connection refused`),
      stack: [],
    });
    expect(refusalOf(await work.img(['pull', 'registry.invalid/app:1']))).toMatchObject({
      code: 1,
      cause: expect.stringMatching(/cannot reach registry\.invalid: no such host/),
      hint: expect.stringMatching(/registry name/),
      stack: [],
    });
  });

  test('a failing base leaves a build with its place in the Dockerfile, and nothing behind', async () => {
    server.script = answer(/manifests/, 404, {}, '');
    const context = work.context({ Dockerfile: `FROM ${server.host}/app:1\nCOPY Dockerfile /\n` });

    const result = await work.img(['build', '-t', 'never:1', context]);

    expect(refusalOf(result)).toMatchObject({
      code: 1,
      cause: expect.stringMatching(/app:1.*not found/),
      stack: [],
    });
    expect(result.stderr).toContain(`>>> FROM ${server.host}/app:1\n`);
    server.script = () => false;
    await work.ok(['build', '-t', 'now:1', context]);
    expect((await work.ok(['ls'])).stdout).not.toContain('never');
  });
});
