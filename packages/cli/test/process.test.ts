// SPDX-License-Identifier: MIT
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { removeFolders, temporaryFolder } from './support/fake-process.ts';

const MAIN = join(import.meta.dirname, '../src/main.ts');
const NODE = [
  process.execPath,
  '--conditions=@img-build/source',
  '--disable-warning=ExperimentalWarning',
] as const;

// Each run starts a program, some on a machine that is busy.
jest.setTimeout(60_000);

const servers: Server[] = [];
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  removeFolders();
  for (const server of servers.splice(0)) server.close();
});

/** Files of packages that a run of the program loads, by a hook that prints each. */
function loadedBy(...argv: readonly string[]): readonly string[] {
  const hook = `import { registerHooks } from 'node:module';
registerHooks({ load(url, context, next) { process.stderr.write('LOADED ' + url + '\\n'); return next(url, context); } });`;
  const { stderr, status } = spawnSync(
    NODE[0],
    [...NODE.slice(1), '--import', `data:text/javascript,${encodeURIComponent(hook)}`, MAIN, ...argv],
    { encoding: 'utf8', env: { ...process.env, XDG_DATA_HOME: temporaryFolder() } },
  );
  expect(status).toBe(0);
  return stderr.split('\n').filter((line) => line.startsWith('LOADED '));
}

describe('what a command does not need is not loaded', () => {
  test('the version loads two files', () => {
    expect(loadedBy('--version').filter((line) => line.includes('/packages/'))).toHaveLength(2);
  });

  test.each([
    [
      ['ls'],
      [
        'undici',
        'koffi',
        'yargs',
        '/builder/',
        '/dockerfile-frontend/',
        '/worker/',
        '/sources/',
        '/exporters/',
      ],
    ],
    [['--help'], ['undici', 'koffi', '/metadata/', '/content-store/', '/worker/']],
    [
      ['logout', 'r.example'],
      ['koffi', '/metadata/', '/builder/', '/worker/'],
    ],
    [['du'], ['undici', 'koffi', '/builder/', '/dockerfile-frontend/']],
  ])('%j', (argv, absent) => {
    const loaded = loadedBy(...argv);
    expect(loaded.length).toBeGreaterThan(2);
    for (const part of absent) expect(loaded.filter((line) => line.includes(part))).toEqual([]);
  });
});

describe('output that nobody reads', () => {
  test.each(['img ls | head -n 0', 'img --help | true', 'img --help 2>&1 | head -n 1'])(
    '%s ends quietly',
    (line) => {
      const script = `img() { "$IMG_NODE" --conditions=@img-build/source "$IMG_MAIN" "$@"; }; set -o pipefail; ${line}`;
      const { status, stderr } = spawnSync('bash', ['-c', script], {
        encoding: 'utf8',
        env: {
          ...process.env,
          NODE_NO_WARNINGS: '1',
          IMG_NODE: NODE[0],
          IMG_MAIN: MAIN,
          XDG_DATA_HOME: temporaryFolder(),
        },
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    },
  );
});

describe('login on a terminal', () => {
  interface Terminal {
    readonly config: string;
    /** Waits until the screen shows `text`, then types. */
    type(text: string, keys: string): Promise<void>;
    readonly screen: () => string;
    readonly ended: Promise<number>;
  }

  async function login(...argv: readonly string[]): Promise<Terminal> {
    const config = temporaryFolder();
    const command = [...NODE, MAIN, 'login', ...argv].map((word) => `'${word}'`).join(' ');
    const child = spawn('script', ['-q', '-e', '-c', command, '/dev/null'], {
      env: { ...process.env, DOCKER_CONFIG: config, XDG_DATA_HOME: config },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.push(child);
    let screen = '';
    child.stdout.on('data', (chunk: Buffer) => {
      screen += chunk.toString();
    });
    const ended = once(child, 'exit').then(([code]) => code as number);
    return {
      config,
      screen: () => screen,
      ended,
      async type(text, keys) {
        while (!screen.includes(text)) await once(child.stdout, 'data');
        child.stdin.write(keys);
      },
    };
  }

  async function registry(): Promise<string> {
    const wanted = `Basic ${Buffer.from('me:s3cret').toString('base64')}`;
    const server = createServer((request, response) => {
      const known = request.headers.authorization === wanted;
      response.writeHead(known ? 200 : 401, known ? {} : { 'www-authenticate': 'Basic realm="r"' }).end('{}');
    });
    servers.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  test('asks for both and does not show the password', async () => {
    const { type, ended, screen, config } = await login(await registry());
    await type('Username: ', 'me\r');
    await type('Password: ', 's3cret\r');
    expect(await ended).toBe(0);
    expect(screen()).toContain('Login succeeded.');
    expect(screen()).not.toContain('s3cret');
    expect(statSync(join(config, 'config.json')).mode & 0o777).toBe(0o600);
  });

  test.each([
    ['Username: ', '\u0003', 130],
    ['Username: ', '\u0004', 1],
  ])('at %j the key %j gives up with %d', async (question, key, code) => {
    const { type, ended, config } = await login('r.example');
    await type(question, key);
    expect(await ended).toBe(code);
    expect(readdirSync(config)).not.toContain('config.json');
  });

  test.each([
    ['\u0003', 130],
    ['\u0004', 1],
  ])('at the password the key %j gives up with %d', async (key, code) => {
    const { type, ended, screen } = await login('-u', 'me', 'r.example');
    await type('Password: ', key);
    expect(await ended).toBe(code);
    expect(screen()).not.toContain('    at ');
    if (code === 1) expect(screen()).toContain('Error: the input ended before an answer');
  });
});

test('a build on a terminal that fails gives the cursor back', async () => {
  const context = temporaryFolder();
  mkdirSync(join(context, 'state'));
  writeFileSync(join(context, 'Dockerfile'), 'FROM 127.0.0.1:1/nothing\n');
  const command = [...NODE, MAIN, 'build', '-s', join(context, 'state'), context]
    .map((word) => `'${word}'`)
    .join(' ');
  const { stdout, status } = spawnSync('script', ['-q', '-e', '-c', command, '/dev/null'], {
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(stdout).toContain('\u001b[?25l');
  expect(stdout.lastIndexOf('\u001b[?25h')).toBeGreaterThan(stdout.lastIndexOf('\u001b[?25l'));
});
