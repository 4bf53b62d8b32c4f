// SPDX-License-Identifier: MIT
import shared from '../tools/jest/config.js';

const { modulePathIgnorePatterns: _, ...config } = shared;

const isRoot = process.getuid?.() === 0;

export default {
  ...config,
  // The engine to compare with runs as root only, and nobody else can mount a small disk where all commands see it.
  testMatch: [
    '<rootDir>/{builds,registry,cli,consumers,bad-input,robustness}/**/*.test.ts',
    ...(isRoot ? ['<rootDir>/compare/**/*.test.ts'] : ['!**/robustness/full-disk.test.ts']),
  ],
  globalSetup: '<rootDir>/support/global-setup.ts',
  globalTeardown: '<rootDir>/support/global-teardown.ts',
  testTimeout: 120_000,
};
