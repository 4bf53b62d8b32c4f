// SPDX-License-Identifier: MIT
const here = import.meta.dirname;

/** One configuration for every package; each package's jest.config.js re-exports it. */
export default {
  testMatch: ['**/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': `${here}/strip-types.js` },
  testEnvironment: `${here}/environment.js`,
  // Workspace packages resolve to their sources, so no package has to be built before another one is tested.
  testEnvironmentOptions: { customExportConditions: ['@img-build/source', 'node', 'node-addons'] },
  reporters: ['default', `${here}/results-reporter.js`],
  maxWorkers: 2,
  // Far above what any test takes: a loaded machine must not fail one, and one that hangs must not hang the whole run.
  testTimeout: 120_000,
  // What a failed test left running must not keep the run from ending.
  forceExit: true,
  cacheDirectory: `${here}/../../node_modules/.cache/jest`,
};
