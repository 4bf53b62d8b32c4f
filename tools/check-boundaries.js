// SPDX-License-Identifier: MIT
// Fails when an import or a manifest crosses a border drawn in docs/architecture.md.
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, relative } from 'node:path';
import { ROOT, readJson, readPackages, report, sourceFiles } from './workspace.js';

/** Which tiers the sources of a tier may import, besides what WIRING adds. */
const ALLOWED = {
  spec: ['spec'],
  mechanism: ['spec'],
  pure: ['spec', 'pure'],
  composition: ['spec', 'pure'],
  app: ['spec', 'mechanism', 'pure', 'composition'],
  test: ['spec'],
};
/** Composition packages whose very job is to put mechanisms together. */
const WIRING = { worker: ['mechanism'] };

const packages = readPackages();
const byName = new Map(packages.map((one) => [one.name, one]));
const rootDependencies = Object.keys(readJson(join(ROOT, 'package.json')).devDependencies);
const problems = [];

for (const one of packages) {
  checkManifest(one);
  checkReferences(one);
  checkImports(one);
}
checkCycles();
checkOneOwnerPerThirdParty();
report('boundaries', problems);

function checkManifest(one) {
  const allowed = [...ALLOWED[one.tier], ...(WIRING[one.short] ?? [])];
  for (const name of runtimeDependencies(one)) {
    const target = byName.get(name);
    if (target !== undefined && !allowed.includes(target.tier)) {
      problems.push(`${one.name} (${one.tier}) must not depend on ${name} (${target.tier})`);
    }
  }
}

/** TypeScript's project references must say the same as the manifest. */
function checkReferences(one) {
  const declared = runtimeDependencies(one)
    .filter((name) => byName.has(name))
    .map((name) => `../${byName.get(name).short}`);
  const referenced = (readJson(join(one.folder, 'tsconfig.json')).references ?? []).map(({ path }) => path);
  if (declared.toSorted().join() !== referenced.toSorted().join()) {
    problems.push(
      `${one.name}: references in tsconfig.json differ from the workspace dependencies in package.json`,
    );
  }
}

function checkImports(one) {
  const runtime = runtimeDependencies(one);
  const development = [
    ...runtime,
    ...Object.keys(one.manifest.devDependencies ?? {}),
    ...rootDependencies,
    one.name,
  ];
  const named = new Set();
  for (const file of sourceFiles(join(one.folder, 'src'))) {
    const text = readFileSync(file, 'utf8');
    // Test support is never published: its sources may use what the tests use.
    const allowed = one.tier === 'test' ? development : runtime;
    for (const specifier of importsOf(text)) checkImport(one, file, specifier, allowed, 'src');
    // A package of one processor is named by a template that ends before the processor.
    for (const name of runtime) if (text.includes(name.replace(/-(x64|arm64)$/, '-'))) named.add(name);
  }
  for (const file of sourceFiles(join(one.folder, 'test'))) {
    for (const specifier of importsOf(readFileSync(file, 'utf8')))
      checkImport(one, file, specifier, development, '.');
  }
  for (const name of runtime)
    if (!named.has(name)) problems.push(`${one.name}: dependency ${name} is never imported`);
}

function checkImport(one, file, specifier, allowed, scope) {
  const place = relative(ROOT, file);
  if (specifier.startsWith('node:')) return;
  if (specifier.startsWith('.')) {
    const inside = relative(join(one.folder, scope), join(file, '..', specifier));
    if (inside.startsWith('..')) problems.push(`${place}: ${specifier} leaves the package`);
    return;
  }
  if (builtinModules.includes(specifier)) return problems.push(`${place}: write node:${specifier}`);
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  const types = `@types/${name.replace(/^@/, '').replace('/', '__')}`;
  if (!allowed.includes(name) && !allowed.includes(types))
    problems.push(`${place}: ${name} is not declared in package.json`);
  const target = byName.get(name);
  if (target !== undefined && !Object.hasOwn(target.manifest.exports, `.${specifier.slice(name.length)}`)) {
    problems.push(`${place}: ${specifier} is not exported by ${name}`);
  }
}

/** Workspace dependencies of equal tiers are allowed in one direction only. */
function checkCycles() {
  const done = new Set();
  const visit = (one, path) => {
    if (path.includes(one.name)) return problems.push(`cycle: ${[...path, one.name].join(' -> ')}`);
    if (done.has(one.name)) return;
    for (const name of runtimeDependencies(one))
      if (byName.has(name)) visit(byName.get(name), [...path, one.name]);
    done.add(one.name);
  };
  for (const one of packages) visit(one, []);
}

function checkOneOwnerPerThirdParty() {
  const owners = new Map();
  for (const one of packages) {
    for (const name of runtimeDependencies(one)) {
      if (!byName.has(name)) owners.set(name, [...(owners.get(name) ?? []), one.name]);
    }
  }
  for (const [name, users] of owners)
    if (users.length > 1) problems.push(`${name} has several owners: ${users.join(', ')}`);
}

function runtimeDependencies({ manifest }) {
  return [
    ...Object.keys({
      ...manifest.dependencies,
      ...manifest.optionalDependencies,
      ...manifest.peerDependencies,
    }),
    // Its build copies them into its own dist.
    ...(manifest.inlined ?? []),
  ];
}

/** Specifiers of static imports, re-exports, side-effect imports and literal dynamic imports; type-only ones included. */
function importsOf(text) {
  const code = text.replace(/^\s*(\/\/|\/?\*).*$/gm, '');
  const forms = [
    /^(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"\n]+)['"]/gm,
    /^import\s*['"]([^'"\n]+)['"]/gm,
    /\bimport\(\s*['"]([^'"\n]+)['"]/g,
  ];
  return forms.flatMap((form) => [...code.matchAll(form)].map((match) => match[1]));
}
