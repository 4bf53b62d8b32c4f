// SPDX-License-Identifier: MIT
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Writes `test-results/jest.json` in the package: what tools/test adds up. The file is a turbo output, so the numbers of
 * a package whose tests came from the cache still count.
 */
export default class ResultsReporter {
  #folder;
  #error;

  constructor(globalConfig) {
    this.#folder = join(globalConfig.rootDir, 'test-results');
  }

  onRunComplete(_contexts, results) {
    const failures = [];
    for (const file of results.testResults) {
      if (file.testExecError !== undefined && file.testExecError !== null)
        failures.push(`${file.testFilePath}: did not run`);
      for (const test of file.testResults) if (test.status === 'failed') failures.push(test.fullName);
    }
    const summary = {
      passed: results.numPassedTests,
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
      skipped: results.numPendingTests + results.numTodoTests,
      failures,
    };
    try {
      mkdirSync(this.#folder, { recursive: true });
      writeFileSync(join(this.#folder, 'jest.json'), `${JSON.stringify(summary, null, 2)}\n`);
    } catch (error) {
      this.#error = error;
      process.stderr.write(
        `cannot write the results of the tests to ${this.#folder}: ${error.code}\n` +
          'The run counts as failed. Run the tests as the owner of the tree, or in a copy of your own.\n',
      );
    }
  }

  /** Numbers of an earlier run would be taken for those of this one: jest then ends with a failure. */
  getLastError() {
    return this.#error;
  }
}
