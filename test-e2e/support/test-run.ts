// SPDX-License-Identifier: MIT
import type { Identity } from './identity.ts';

/** What the global set-up prepared and every suite shares. */
export interface TestRun {
  /** Folder of this run; gone after it. */
  readonly folder: string;
  /** The installed command. */
  readonly img: string;
  readonly identities: readonly Identity[];
  /** `127.0.0.1:<port>` of a registry without TLS and passwords, holding the base images. */
  readonly registry: string;
  /** Access log of that registry. */
  readonly registryLog: string;
  /** Name of the busybox base in it. */
  readonly busybox: string;
  /** The root file system of that base, as a tar. */
  readonly busyboxTar: string;
}

const VARIABLE = 'IMG_E2E_RUN';

/** Hands the run to the test files. */
export function publishTestRun(value: TestRun): void {
  process.env[VARIABLE] = JSON.stringify(value);
}

/** The run a test file belongs to. */
export function testRun(): TestRun {
  const text = process.env[VARIABLE];
  if (text === undefined) throw new Error('the global set-up did not run');
  return JSON.parse(text) as TestRun;
}
