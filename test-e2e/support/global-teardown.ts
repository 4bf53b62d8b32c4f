// SPDX-License-Identifier: MIT

/** Takes back what the global set-up made, in the process that made it. */
function tearDown(): void {
  (globalThis as { imgE2eTearDown?: () => void }).imgE2eTearDown?.();
}

export { tearDown as default };
