// SPDX-License-Identifier: MIT

export {
  type Descriptor,
  type Digest,
  formatReference,
  type Index,
  type Manifest,
  type Platform,
  parsePlatform,
  parseReference,
  type Reference,
} from '@img-build/oci';
export type { CopyOptions, CopyResult } from './copy/copy-image.ts';
export { type CopyLocation, formatLocation, parseLocation } from './copy/location.ts';
export { serverDomain } from './credentials/auth-entry.ts';
export { type CredentialStoreOptions, createCredentialStore } from './credentials/credential-store.ts';
export {
  type CredentialExplanation,
  type CredentialSource,
  type CredentialStore,
  type Credentials,
  fixedCredentials,
  type SavedCredentials,
} from './credentials/credentials.ts';
export type { FetchedManifest } from './endpoints/fetched-manifest.ts';
export type { ReferrersOptions, Subject } from './endpoints/referrers.ts';
export { type ExplainOptions, explainHost } from './explain/explain-host.ts';
export type { HostExplanation, HostStep } from './explain/explanation.ts';
export type { HostSettings, HostTable } from './hosts/host-settings.ts';
export type { RetryOptions, Timing } from './http/retry.ts';
export { type Account, type LoginOptions, login, logout } from './login.ts';
export {
  createRegistryClient,
  type RegistryClient,
  type RegistryClientOptions,
  type Repository,
  type ResolveOptions,
  type SettingsFilesOptions,
  type TlsOptions,
} from './registry-client.ts';
export { RegistryError, type RegistryErrorCode, type RegistryErrorDetail } from './registry-error.ts';
export type { RegistryEvent } from './registry-event.ts';
export { createUploadFolder, type UploadRecord, type UploadStore } from './transfer/upload-store.ts';
