// SPDX-License-Identifier: MIT
import shared from '../tools/jest/config.js';

const { modulePathIgnorePatterns: _, ...config } = shared;

export default {
  ...config,
  testMatch: ['<rootDir>/{builds,registry,cli,consumers}/**/*.test.ts'],
  globalSetup: '<rootDir>/support/global-setup.ts',
  globalTeardown: '<rootDir>/support/global-teardown.ts',
  testTimeout: 120_000,
};
