// SPDX-License-Identifier: MIT
export { createHostCalls } from './calls/host-calls.ts';
export { HostError, type HostErrorCode } from './host-error.ts';
