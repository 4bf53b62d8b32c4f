// SPDX-License-Identifier: MIT
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { must } from '../support/run.ts';
import { testRun } from '../support/test-run.ts';
import { installPacked } from './packed.ts';

const TEXT =
  '\ufeff# syntax=x\r\nFROM a:1 AS b\r\nRUN <<E\n$c \u00e9 <b>&amp;</b>\nE\nCOPY --from=b "x y" /z';

/** What the page does: the published files as they are, found through an import map, with no bundler. */
const PAGE = `<!doctype html>
<meta charset="utf-8">
<script type="importmap">
{"imports": {
  "@img-build/dockerfile-parser": "/@img-build/dockerfile-parser/dist/index.js"
}}
</script>
<pre id="result">the script did not run</pre>
<script type="module">
  import {
    createEditor, format, lint, listStages, parse, parseIgnore, print, processWord, resolve,
  } from '@img-build/dockerfile-parser';

  const text = ${JSON.stringify(TEXT).replaceAll('<', '\\u003c')};
  const parsed = parse(text);
  const editor = createEditor(parsed);
  for (const { from } of listStages(parsed).stages) editor.setBase(from, 'a:2');
  const result = {
    same: print(parsed) === text,
    json: JSON.stringify(JSON.parse(JSON.stringify(parsed))) === JSON.stringify(parsed),
    edited: editor.apply() === text.replace('a:1', 'a:2'),
    formatted: format(parsed).split('\\r\\n').slice(1, 3),
    kinds: parsed.instructions.map(({ kind }) => kind),
    bases: resolve(parsed).stages.map(({ base }) => base),
    rules: lint(parse('from a\\nCMD b\\n')).findings.map(({ rule }) => rule),
    ignored: parseIgnore('*.log\\n!a.log').ignores('b.log'),
    word: processWord('\${x:-y}', {}),
  };
  document.getElementById('result').textContent = 'RESULT ' + encodeURIComponent(JSON.stringify(result)) + ' END';
</script>
`;

const TYPES: Readonly<Record<string, string>> = { '.js': 'text/javascript', '.json': 'application/json' };

describe('the packed dockerfile-parser in a browser', () => {
  let folder: string | undefined;
  let profile: string | undefined;
  let server: Server | undefined;
  let port: number;
  const asked: string[] = [];

  beforeAll(async () => {
    const consumer = await installPacked('dockerfile-parser');
    folder = consumer;
    profile = mkdtempSync(join(testRun().folder, 'chromium-'));
    const started = createServer(({ url = '/' }, response) => {
      asked.push(url);
      if (url === '/') return response.setHeader('content-type', 'text/html').end(PAGE);
      try {
        const content = readFileSync(join(consumer, 'node_modules', normalize(url)));
        return response.setHeader('content-type', TYPES[extname(url)] ?? 'text/plain').end(content);
      } catch {
        return response.writeHead(404).end();
      }
    });
    server = started;
    await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
    port = (started.address() as AddressInfo).port;
  });

  afterAll(async () => {
    server?.closeAllConnections();
    server?.close();
    for (const each of [folder, profile])
      if (each !== undefined) rmSync(each, { recursive: true, force: true });
  });

  test('does all it does elsewhere', async () => {
    const { stdout } = await must(
      'chromium',
      [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--disable-dev-shm-usage',
        `--user-data-dir=${profile}`,
        '--dump-dom',
        `http://127.0.0.1:${port}/`,
      ],
      { env: { HOME: String(profile), XDG_CONFIG_HOME: String(profile), XDG_CACHE_HOME: String(profile) } },
    );
    const result = /RESULT (\S+) END/.exec(stdout)?.[1];

    expect(asked).toContain('/@img-build/dockerfile-parser/dist/parse.js');
    expect(JSON.parse(decodeURIComponent(result ?? JSON.stringify(stdout)))).toEqual({
      same: true,
      json: true,
      edited: true,
      formatted: ['FROM a:1 AS b', 'RUN <<E'],
      kinds: ['from', 'run', 'copy'],
      bases: [{ type: 'image', name: 'a:1' }],
      rules: ['ConsistentInstructionCasing', 'JSONArgsRecommended'],
      ignored: true,
      word: 'y',
    });
  });
});
