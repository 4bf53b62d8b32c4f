// SPDX-License-Identifier: MIT
import shared from '../tools/jest/config.js';

const { modulePathIgnorePatterns: _, ...config } = shared;

export default {
  ...config,
  // The engine to compare with runs as root only.
  testMatch: [
    '<rootDir>/{builds,registry,cli,consumers,bad-input,robustness}/**/*.test.ts',
    ...(process.getuid?.() === 0 ? ['<rootDir>/compare/**/*.test.ts'] : []),
  ],
  globalSetup: '<rootDir>/support/global-setup.ts',
  globalTeardown: '<rootDir>/support/global-teardown.ts',
  testTimeout: 120_000,
};
