// SPDX-License-Identifier: MIT
// Last step of the build of a package whose manifest lists packages under "inlined": copies their compiled files into its
// own dist and lets its files import those, so that its tarball installs alone. Run in the folder of the package.
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { readJson } from './workspace.js';

const dist = join(process.cwd(), 'dist');
const { inlined } = readJson('package.json');
const folders = new Map(inlined.map((name) => [name, join(dist, 'inlined', name.split('/').at(-1))]));

for (const [name, target] of folders) {
  cpSync(join('node_modules', name, 'dist'), target, {
    recursive: true,
    dereference: true,
    filter: (path) => !path.endsWith('.map') && !path.endsWith('.tsbuildinfo'),
  });
}
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  const file = join(entry.parentPath, entry.name);
  if (!entry.isFile() || !/\.(?:js|d\.ts)$/.test(file)) continue;
  const text = readFileSync(file, 'utf8');
  const own = text.replace(
    /(\bfrom |\bimport\(|^import )(['"])([^'"\n]+)\2/gm,
    (whole, before, quote, name) => {
      const folder = folders.get(name);
      if (folder === undefined) return whole;
      const path = relative(dirname(file), join(folder, 'index.js')).split(sep).join('/');
      return `${before}${quote}${path.startsWith('.') ? path : `./${path}`}${quote}`;
    },
  );
  const isCopy = [...folders.values()].some((folder) => file.startsWith(`${folder}${sep}`));
  writeFileSync(file, isCopy ? own.replace(/^\/\/# sourceMappingURL=.*\n?/gm, '') : own);
}
