// SPDX-License-Identifier: MIT
export { type Answer, failure } from './answer.ts';
export type { RegistryStorage } from './registry-storage.ts';
export type { StoredManifest, StoredRepository } from './repository.ts';
export {
  type Exchange,
  type Fault,
  type ScriptedRegistry,
  type ScriptedRegistryOptions,
  type SeenRequest,
  startScriptedRegistry,
} from './scripted-registry.ts';
