// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { HostTree } from '@img-build/interfaces';
import { canonicalDigest } from '@img-build/oci';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { createHttpSource, type HttpSource, type HttpSourceOptions } from '../../src/remote/http-source.ts';
import { folderWith, removeFolders } from '../folder.ts';
import { type LoopbackServer, startHttp, startSilentServer } from '../git/servers.ts';

const servers: LoopbackServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
afterAll(removeFolders);

async function serve(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  host = '127.0.0.1',
): Promise<{ url: string; requests: string[] }> {
  const server = await startHttp(handle, host);
  servers.push(server);
  return { url: `http://${host}:${server.port}`, requests: server.requests };
}

function source(options: Partial<HttpSourceOptions> = {}): HttpSource {
  return createHttpSource({ folder: folderWith({}), scratch: folderWith({}), ...options });
}

async function get(
  from: HttpSource,
  url: string,
  attrs: Readonly<Record<string, string>> = {},
): Promise<{ key: string; tree: HostTree; name: string; file: string }> {
  const instance = await from.open({ identifier: url, attrs });
  const { key } = await instance.cacheKey(0);
  const content = await instance.content();
  if (content.type !== 'tree' || content.tree.type !== 'host') throw new Error('not a host tree');
  const [name = ''] = readdirSync(content.tree.path);
  return { key, tree: content.tree, name, file: join(content.tree.path, name) };
}

const MODIFIED = 'Wed, 21 Oct 2015 07:28:00 GMT';

function sha256(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

describe('a download', () => {
  test('is one file with its time and mode, under a key that BuildKit would give it', async () => {
    const { url } = await serve((_request, response) =>
      response.writeHead(200, { 'last-modified': MODIFIED }).end('hello'),
    );
    const from = source();
    const got = await get(from, `${url}/dir/a%20b.txt?x=1`);
    expect(got.name).toBe('a b.txt');
    expect(readFileSync(got.file, 'utf8')).toBe('hello');
    expect(lstatSync(got.file).mode & 0o7777).toBe(0o600);
    expect(lstatSync(got.file).mtime.toUTCString()).toBe(MODIFIED);
    const json = `{"Filename":"a b.txt","Perm":0,"UID":0,"GID":0,"Checksum":"${sha256('hello')}","LastModTime":"${MODIFIED}"}`;
    expect(got.key).toBe(canonicalDigest(json));
    expect(await from.modified({ identifier: `${url}/dir/a%20b.txt?x=1`, attrs: {} })).toBe(
      Date.parse(MODIFIED),
    );

    const attrs = {
      'http.filename': 'f',
      'http.perm': '0644',
      'http.uid': '5',
      'http.gid': '6',
      'http.header.accept': 'x',
    };
    const named = await get(from, `${url}/other`, attrs);
    expect(named.tree.owner).toEqual({ uid: 5, gid: 6 });
    expect(lstatSync(named.file).mode & 0o7777).toBe(0o644);
    const all = `{"Filename":"f","Perm":420,"UID":5,"GID":6,"Checksum":"${sha256('hello')}","LastModTime":"${MODIFIED}","Header":[{"Name":"Accept","Value":"x"}]}`;
    expect(named.key).toBe(canonicalDigest(all));
  });

  test('is called what the server says, and never more than one component', async () => {
    const { url } = await serve((request, response) => {
      const name = decodeURIComponent(request.url?.slice(2) ?? '');
      response
        .writeHead(200, name === '' ? {} : { 'content-disposition': `attachment; filename=${name}` })
        .end('x');
    });
    const named = async (name: string): Promise<string> =>
      (await get(source(), `${url}/?${encodeURIComponent(name)}`)).name;
    expect(await named('"a.tar"')).toBe('a.tar');
    expect(await named('"../../etc/passwd"')).toBe('passwd');
    expect(await named('".."')).toBe('download');
    expect(await named('')).toBe('download');
    expect((await get(source(), `${url}/`, { 'http.filename': '../x' })).name).toBe('x');
  });

  test('that did not change is not made again: by its tag, which is asked for first, or by its time', async () => {
    let headers: Record<string, string> = { etag: 'W/"one"' };
    const { url, requests } = await serve((request, response) => {
      const ask = request.headers;
      const told = ask['if-none-match'] ?? ask['if-modified-since'];
      const isSame = told !== undefined && told === (headers['etag'] ?? headers['last-modified']);
      if (request.method === 'GET' && isSame && headers['last-modified'] !== undefined)
        return void response.writeHead(304).end();
      response.writeHead(200, headers).end('hello');
    });
    const folder = folderWith({});
    const first = await get(source({ folder }), url);
    expect((await get(source({ folder }), url)).key).toBe(first.key);
    expect(requests).toEqual(['GET /', 'HEAD /']);
    headers = { 'last-modified': MODIFIED };
    const dated = await get(source({ folder }), url);
    requests.length = 0;
    expect((await get(source({ folder }), url)).key).toBe(dated.key);
    expect(requests).toEqual(['GET /']);
    // What was kept is gone: nothing is known of it.
    rmSync(join(folder, 'files'), { recursive: true });
    expect(readFileSync((await get(source({ folder }), url)).file, 'utf8')).toBe('hello');
  });

  test('is made once in one build', async () => {
    const { url, requests } = await serve((_request, response) => response.end('hello'));
    const from = source();
    await Promise.all([get(from, url), get(from, url, { 'http.filename': 'b' })]);
    expect(requests).toEqual(['GET /']);
  });

  test('that is pinned has its key at once, is verified, and is not made again', async () => {
    const { url, requests } = await serve((_request, response) => response.end('hello'));
    const folder = folderWith({});
    const attrs = { 'http.checksum': sha256('hello') };
    const instance = await source({ folder }).open({ identifier: url, attrs });
    await instance.cacheKey(0);
    expect(requests).toEqual([]);
    await instance.content();
    await get(source({ folder }), url, attrs);
    expect(requests).toEqual(['GET /']);
    await expect(get(source({ folder }), url, { 'http.checksum': sha256('other') })).rejects.toHaveProperty(
      'code',
      'SOURCE_CHECKSUM_MISMATCH',
    );
    await expect(get(source(), url, { 'http.checksum': `sha512:${'0'.repeat(128)}` })).rejects.toHaveProperty(
      'code',
      'SOURCE_UNSUPPORTED',
    );
  });

  test('carries the secret of its host, and to no other', async () => {
    const seen: string[] = [];
    const other = await serve((request, response) => {
      seen.push(`other ${request.headers.authorization}`);
      response.end('x');
    }, '127.0.0.2');
    const { url } = await serve((request, response) => {
      seen.push(`first ${request.headers.authorization}`);
      response.writeHead(302, { location: `${other.url}/there` }).end();
    });
    const bearer = { 'HTTP_AUTH_TOKEN_127.0.0.1': 'geheim\n' };
    const asked = (values: Readonly<Record<string, string>>): HttpSource =>
      source({
        secrets: {
          secret: async (id) => (values[id] === undefined ? undefined : Buffer.from(values[id])),
          agent: async () => undefined,
        },
      });
    await get(asked(bearer), url);
    await get(asked({ 'HTTP_AUTH_HEADER_127.0.0.1': 'Basic x' }), url);
    await get(asked({ named: 'Basic y' }), url, { 'http.authheadersecret': 'named' });
    await get(asked({}), url.replace('//', '//me:pw@'));
    expect(seen.filter((line) => line.startsWith('first'))).toEqual([
      'first Bearer geheim',
      'first Basic x',
      'first Basic y',
      `first Basic ${Buffer.from('me:pw').toString('base64')}`,
    ]);
    expect(new Set(seen.filter((line) => line.startsWith('other')))).toEqual(new Set(['other undefined']));
    await expect(get(asked({}), url, { 'http.authheadersecret': 'named' })).rejects.toHaveProperty(
      'code',
      'SOURCE_DOWNLOAD_FAILED',
    );
  });

  test('may be given instead of made', async () => {
    const from = source();
    await from.put(
      'http://buildkit-session/x',
      (async function* () {
        yield Buffer.from('from stdin');
      })(),
    );
    expect(readFileSync((await get(from, 'http://buildkit-session/x')).file, 'utf8')).toBe('from stdin');
  });
});

describe('servers', () => {
  test('that fail are named without secrets; nothing is left of a file that is too large', async () => {
    const { url } = await serve((request, response) => {
      if (request.url?.startsWith('/missing') === true) response.writeHead(404).end();
      else response.end('far too much');
    });
    await expect(get(source(), `${url.replace('//', '//user:pass@')}/missing?token=x`)).rejects.toMatchObject(
      {
        code: 'SOURCE_DOWNLOAD_FAILED',
        message: expect.not.stringMatching(/pass|token/),
      },
    );
    const folder = folderWith({});
    await expect(get(source({ folder, maxBytes: 4 }), url)).rejects.toHaveProperty(
      'code',
      'SOURCE_TOO_LARGE',
    );
    expect(readdirSync(join(folder, 'files'))).toEqual([]);
    await expect(get(source(), 'http://127.0.0.1:1/x')).rejects.toMatchObject({
      code: 'SOURCE_DOWNLOAD_FAILED',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  test('that hang are given up, before the answer and in the middle of it', async () => {
    const silent = await startSilentServer();
    servers.push(silent);
    const half = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('x');
    });
    for (const url of [`http://127.0.0.1:${silent.port}`, half.url])
      await expect(get(source({ stalled: 200 }), url)).rejects.toMatchObject({
        code: 'SOURCE_DOWNLOAD_FAILED',
        message: `${url}: download failed: the server sent nothing for 0.2 seconds`,
      });
  });

  test('that end too early give nothing', async () => {
    const { url } = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('x', () => response.destroy());
    });
    const folder = folderWith({});
    await expect(get(source({ folder }), url)).rejects.toHaveProperty('code', 'SOURCE_DOWNLOAD_FAILED');
    expect(readdirSync(join(folder, 'files'))).toEqual([]);
  });

  test('of the internet redirect to the internet only, by number and by name', async () => {
    const inside = await serve((_request, response) => response.end('inside'));
    let location = '';
    const outside = await serve(
      (_request, response) => response.writeHead(302, { location }).end(),
      '127.0.0.2',
    );
    const isPublic = (address: string): boolean => address === '127.0.0.2';
    for (const host of ['127.0.0.1', 'localhost', '2130706433', '[::ffff:127.0.0.1]', '0x7f.1']) {
      location = `${inside.url.replace('127.0.0.1', host)}/secret`;
      await expect(get(source({ isPublic }), outside.url)).rejects.toMatchObject({
        code: 'SOURCE_REDIRECT_REFUSED',
      });
    }
    expect(inside.requests).toEqual([]);
    location = 'file:///etc/passwd';
    await expect(get(source({ isPublic }), outside.url)).rejects.toHaveProperty(
      'code',
      'SOURCE_REDIRECT_REFUSED',
    );
    location = `${outside.url}/again`;
    await expect(get(source({ isPublic }), outside.url)).rejects.toThrow('more than 10 redirects');
    // Who is inside already may go on inside, and one who goes out does not come back in.
    location = `${inside.url}/x`;
    expect(readFileSync((await get(source(), outside.url)).file, 'utf8')).toBe('inside');
  });
});
