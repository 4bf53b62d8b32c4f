// SPDX-License-Identifier: MIT
// Bundles the CLI into one flat folder without dependencies: node tools/bundle-cli.js [OUTDIR]
//
// Straight from the sources, so nothing has to be compiled first. Thread and worker-process files keep their names next
// to main.js, because they are started as `./NAME.thread.js` relative to whatever file starts them.
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { build } from 'esbuild';
import { ROOT, readJson, readPackages, sourceFiles } from './workspace.js';

const cli = join(ROOT, 'packages/cli');
const target = resolve(process.argv[2] ?? join(cli, 'bundle'));
const fresh = `${target}.new.${process.pid}`;

rmSync(fresh, { recursive: true, force: true });
try {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: entryPoints(),
    outdir: fresh,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    conditions: ['@img-build/source'],
    alias: {
      'string-width': join(ROOT, 'tools/string-width-light.js'),
      undici: join(ROOT, 'tools/undici-light.js'),
    },
    plugins: [withoutHttp2()],
    // What CommonJS dependencies need to require node's own modules from an ES module.
    banner: {
      js: "import { createRequire as $createRequire } from 'node:module';const require = $createRequire(import.meta.url);",
    },
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  });
  chmodSync(join(fresh, 'main.js'), 0o755);
  writeManifest();
  copyNativeParts();
  writeNotices(Object.keys(metafile.inputs));
  rmSync(target, { recursive: true, force: true });
  mkdirSync(dirname(target), { recursive: true });
  renameSync(fresh, target);
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
console.log(`bundled into ${relative(process.cwd(), target) || '.'}`);

/** The registry client never speaks HTTP/2; loading node's own takes 4 ms. */
function withoutHttp2() {
  return {
    name: 'without-http2',
    setup({ onLoad }) {
      onLoad({ filter: /undici\/lib\/dispatcher\/client-h2\.js$/ }, () => ({
        contents: `module.exports = () => { throw new Error('HTTP/2 is not part of this program'); };`,
      }));
    },
  };
}

function entryPoints() {
  const threads = readPackages()
    .filter(({ tier }) => tier !== 'test')
    .flatMap(({ folder }) => sourceFiles(join(folder, 'src')))
    .filter((file) => file.endsWith('.thread.ts'));
  const worker = join(cli, 'src/worker-main.ts');
  const files = [join(cli, 'src/main.ts'), ...(existsSync(worker) ? [worker] : []), ...threads];
  return Object.fromEntries(files.map((file) => [basename(file, '.ts'), file]));
}

/** Spares node the search for the nearest package.json, and carries the version. */
function writeManifest() {
  const { name, version, license } = readJson(join(cli, 'package.json'));
  writeFileSync(
    join(fresh, 'package.json'),
    `${JSON.stringify({ name, version, license, type: 'module' }, null, 2)}\n`,
  );
}

/** The addon for every processor and C library, under the name packages/host looks for beside itself. */
function copyNativeParts() {
  mkdirSync(join(fresh, 'native'));
  for (const arch of ['x64', 'arm64']) {
    const folder = join(ROOT, `node_modules/@koromix/koffi-linux-${arch}`);
    copyFileSync(join(folder, `linux_${arch}/koffi.node`), join(fresh, `native/koffi-glibc-${arch}.node`));
    copyFileSync(join(folder, `musl_${arch}/koffi.node`), join(fresh, `native/koffi-musl-${arch}.node`));
  }
}

/** Name, version and licence text of every third-party package that went in. */
function writeNotices(inputs) {
  const folders = new Set(
    inputs.map((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]).filter(Boolean),
  );
  for (const arch of ['x64', 'arm64']) folders.add(`node_modules/@koromix/koffi-linux-${arch}`);
  const notices = [...folders].map(noticeOf).sort();
  copyFileSync(join(ROOT, 'LICENSE'), join(fresh, 'LICENSE'));
  writeFileSync(join(fresh, 'THIRD-PARTY-NOTICES'), `${notices.join('\n\n')}\n`);
}

function noticeOf(folder) {
  const { name, version, license } = readJson(join(ROOT, folder, 'package.json'));
  const file = ['LICENSE', 'LICENSE.txt', 'LICENSE.md', 'license', 'LICENCE']
    .map((one) => join(ROOT, folder, one))
    .find((one) => existsSync(one));
  const text = file === undefined ? '' : `\n\n${readFileSync(file, 'utf8').trim()}`;
  return `${name} ${version} (${license})${text}`;
}
