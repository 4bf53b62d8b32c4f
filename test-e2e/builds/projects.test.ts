// SPDX-License-Identifier: MIT

import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { downloadDebianSource, makeDebianRoot } from '../support/debian-root.ts';
import { textOf } from '../support/image.ts';
import { must } from '../support/run.ts';
import { testRun } from '../support/test-run.ts';
import { type Files, openWorkspace, type Workspace } from '../support/workspace.ts';

const { identities, registry } = testRun();
const [builder] = identities.toReversed();
if (builder === undefined) throw new Error('nobody to build as');
const DEBIAN = `${registry}/base/debian-tools:1`;

/** Compilers and interpreters of three projects, in one base that is made once. */
const PACKAGES = ['gcc', 'libc6-dev', 'make', 'python3', 'nodejs', 'npm'];

describe('real projects, built without privileges and without the internet', () => {
  let work: Workspace;
  let tar: string;

  beforeAll(async () => {
    tar = await makeDebianRoot(PACKAGES);
    work = openWorkspace(builder);
    const context = work.context({ Dockerfile: 'FROM scratch\nADD root.tar /\nCMD ["bash"]\n' });
    copyFileSync(tar, join(context, 'root.tar'));
    await work.ok(['build', '-t', DEBIAN, context], { timeout: 200_000 });
  }, 600_000);

  afterAll(() => {
    work.remove();
    rmSync(dirname(tar), { recursive: true, force: true });
  });

  /** Runs a command of an image in a container and returns what it printed. */
  async function printed(name: string, run: string): Promise<string | undefined> {
    const image = await work.build({
      Dockerfile: `FROM ${name} AS app\nRUN ${run}\nFROM scratch\nCOPY --from=app /printed /printed\n`,
    });
    return textOf(image, 'printed');
  }

  test('a C project from a Debian source package becomes an image of its program alone', async () => {
    const dockerfile = (archive: string): string => `FROM ${DEBIAN} AS compile
ADD ${archive} /src/
WORKDIR /src
RUN --mount=type=tmpfs,target=/tmp cd lua-* && make -s -j2 -C src generic MYLDFLAGS=-static && make -s install INSTALL_TOP=/out && /out/bin/lua -v

FROM scratch
COPY --from=compile --chmod=0755 /out/bin/lua /bin/lua
COPY --from=compile /out/share/ /share/
COPY script.lua /
ENTRYPOINT ["/bin/lua", "/script.lua"]
`;
    const context = work.context({
      'script.lua': `local file = assert(io.open('/printed', 'w'))
for word in ('one two three'):gmatch('%a+') do file:write(word:upper(), ' ') end
file:write(_VERSION, ' ', string.format('%.3f', math.sqrt(2)), '\\n')
`,
    });
    const archive = await downloadDebianSource('lua5.4', context, { as: builder });
    const name = `${registry}/projects/lua:1`;
    const path = work.context({ Dockerfile: dockerfile(archive) });
    await work.ok(['build', '-t', name, '-f', join(path, 'Dockerfile'), context], { timeout: 200_000 });
    await work.ok(['push', name]);

    const image = await work.image(name);
    expect([...image.files.keys()].filter((each) => !each.startsWith('share'))).toEqual([
      'bin',
      'bin/lua',
      'script.lua',
    ]);
    // Somebody else pulls it, and runs it: there is nothing in it but the program.
    const other = openWorkspace(builder as NonNullable<typeof builder>);
    const consumer = other.context({ Dockerfile: `FROM ${name}\nRUN ["/bin/lua", "/script.lua"]\n` });
    await other.ok(['build', '-t', 'run:1', consumer]);
    expect(textOf(await other.image('run:1'), 'printed')).toMatch(/^ONE TWO THREE Lua 5\.\d 1\.414\n$/);
    other.remove();
  }, 300_000);

  test('a Node.js application installs packed packages with npm ci, from a cache that stays', async () => {
    const context = work.context({
      ...nodePackage('shout', 'exports.shout = (text) => text.toUpperCase() + "!";'),
      ...nodePackage('greet', 'exports.greet = (name) => require("shout").shout("hello " + name);'),
      'packed/.keep': '',
      'app/package.json': JSON.stringify({
        name: 'app',
        version: '1.0.0',
        dependencies: { greet: 'file:../packed/greet-1.0.0.tgz', shout: 'file:../packed/shout-1.0.0.tgz' },
      }),
      'app/main.js': 'console.log(require("greet").greet(process.argv[2]), process.env.NODE_ENV);\n',
      Dockerfile: `# syntax=docker/dockerfile:1
FROM ${DEBIAN} AS base
ENV NODE_ENV=production
WORKDIR /app

FROM base AS dependencies
COPY packed/ /packed/
COPY app/package.json app/package-lock.json ./
RUN --mount=type=cache,id=npm,target=/root/.npm npm ci --offline --no-audit --no-fund && ls /root/.npm/_cacache >/cached

FROM base
COPY --link --from=dependencies /app/node_modules ./node_modules
COPY --link --from=dependencies /cached /cached
COPY --link app/main.js ./
CMD ["node", "main.js", "world"]
`,
    });
    await packAll(context, ['shout', 'greet']);
    await work.ok(['build', '-t', 'node-app:1', context], { timeout: 200_000 });

    expect(await printed('node-app:1', 'node main.js world >/printed; cat /cached >>/printed')).toMatch(
      /^HELLO WORLD! production\n[^]*index-v5\n/,
    );
    // A change of the code alone installs nothing again.
    const changed = readFileSync(join(context, 'app/main.js'), 'utf8').replace('process.argv[2]', '"again"');
    work.write({ [join(context.slice(work.folder.length + 1), 'app/main.js')]: changed });
    const { stderr } = await work.ok(['build', '--no-console', '-t', 'node-app:2', context]);
    expect(stderr).toMatch(/#(\d+) \[dependencies [^\]]*\] RUN [^\n]*npm ci[^]*#\1 CACHED/);
    expect(await printed('node-app:2', 'node main.js >/printed')).toBe('HELLO AGAIN! production\n');
  }, 300_000);

  test('a Python application comes from stages, links, triggers and heredocs', async () => {
    const runtime = `FROM ${DEBIAN}
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/srv/lib
WORKDIR /srv
ONBUILD COPY --link app/ /srv/app/
ONBUILD RUN PYTHONDONTWRITEBYTECODE= python3 -m compileall -q /srv/app && ls /srv/app/__pycache__ >/srv/compiled
ONBUILD RUN <<CHECK
set -eu
python3 -c 'import app' && echo imported >>/srv/compiled
CHECK
`;
    await work.ok(['build', '-t', 'python-runtime:1', work.context({ Dockerfile: runtime })]);
    const context = work.context({
      'app/__init__.py': '',
      'app/main.py': `import configparser, json, words
def main():
    config = configparser.ConfigParser()
    config.read('/etc/app.ini')
    print(json.dumps({'words': words.WORDS, 'greeting': config['app']['greeting']}, sort_keys=True))
if __name__ == '__main__':
    main()
`,
      Dockerfile: `# syntax=docker/dockerfile:1
FROM ${DEBIAN} AS library
ARG COUNT=3
WORKDIR /lib-src
RUN <<EOF
#!/usr/bin/env python3
import os
words = [chr(ord('a') + n) * (n + 1) for n in range(int(os.environ['COUNT']))]
with open('/lib-src/words.py', 'w') as file:
    file.write(f'WORDS = {words!r}\\n')
EOF

FROM python-runtime:1
ARG GREETING=hello
COPY --link --from=library /lib-src/ /srv/lib/
COPY <<INI /etc/app.ini
[app]
greeting = \${GREETING} \${UNSET:-there}
INI
USER nobody
CMD ["python3", "-m", "app.main"]
`,
    });
    const args = ['--build-arg', 'GREETING=good day'];
    await work.ok(['build', '-t', 'python-app:1', ...args, context], { timeout: 200_000 });

    const run = [
      'id -un >/tmp/printed; python3 -m app.main >>/tmp/printed; cat /srv/compiled >>/tmp/printed',
      'USER root',
      'RUN cp /tmp/printed /printed',
    ];
    expect(await printed('python-app:1', run.join('\n'))).toMatch(
      /^nobody\n\{"greeting": "good day there", "words": \["a", "bb", "ccc"\]\}\n__init__\.cpython-3\d+\.pyc\nmain\.cpython-3\d+\.pyc\nimported\n$/,
    );
  }, 300_000);

  /** Packs packages of a context into `packed`, and locks the application to them. */
  async function packAll(context: string, names: readonly string[]): Promise<void> {
    const flags = ['--offline', '--no-audit', '--no-fund', '--ignore-scripts'];
    const npm = async (folder: string, ...args: readonly string[]): Promise<void> =>
      void (await must('npm', [...args, ...flags], {
        as: builder,
        cwd: join(context, folder),
        env: { HOME: work.home },
      }));
    for (const name of names) await npm(name, 'pack', '--pack-destination', '../packed');
    await npm('app', 'install', '--package-lock-only');
  }
});

/** A package with its code. */
function nodePackage(name: string, code: string): Files {
  return {
    [`${name}/package.json`]: JSON.stringify({ name, version: '1.0.0', main: 'index.js' }),
    [`${name}/index.js`]: `${code}\n`,
  };
}
