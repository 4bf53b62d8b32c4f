// SPDX-License-Identifier: MIT
import type { AbortOptions } from '@img-build/interfaces';

/** How to prove who we are to a registry. */
export type Credentials =
  | { readonly type: 'basic'; readonly username: string; readonly password: string }
  /** A long-lived token that a token server exchanges for short-lived ones. */
  | { readonly type: 'identity-token'; readonly token: string; readonly username?: string | undefined }
  /** A token to be sent as it is. */
  | { readonly type: 'bearer'; readonly token: string };

/** Where credentials come from; never the credentials themselves. */
export interface CredentialExplanation {
  readonly kind: 'helper' | 'file' | 'environment' | 'none';
  /** Path of the file, or name of the variable. */
  readonly place?: string | undefined;
  /** Name of the helper program the place names. */
  readonly helper?: string | undefined;
  /** The key they are stored under. */
  readonly key?: string | undefined;
  readonly type?: Credentials['type'] | undefined;
  readonly username?: string | undefined;
  /** The other places, in their order. */
  readonly passed: readonly PassedCredentials[];
}

/** A place whose credentials are not used. */
export interface PassedCredentials {
  readonly place: string;
  /** `outweighed` places have some as well, but come later. */
  readonly why: 'missing' | 'nothing for this host' | 'outweighed';
}

/** Finds credentials. */
export interface CredentialSource {
  /**
   * The credentials for a repository; `undefined` means to try without.
   *
   * @param domain - as in references: `docker.io`, `host:port`.
   * @param path - the repository; more specific entries win.
   * @throws RegistryError `REGISTRY_CREDENTIALS_INVALID` when a configured source cannot be used.
   */
  find(domain: string, path: string | undefined, options?: AbortOptions): Promise<Credentials | undefined>;
}

/** Where credentials were put. */
export interface SavedCredentials {
  /** `helper` keeps them encrypted or in a key ring; `file` is readable by whoever reads the file. */
  readonly in: 'helper' | 'file';
  /** Name of the helper program or path of the file. */
  readonly name: string;
}

/** Finds and keeps credentials. */
export interface CredentialStore extends CredentialSource {
  /** Tells where {@link CredentialSource.find} has its answer from. */
  explain(domain: string, path: string | undefined, options?: AbortOptions): Promise<CredentialExplanation>;
  save(domain: string, credentials: Credentials, options?: AbortOptions): Promise<SavedCredentials>;
  /** Forgets a host's credentials; tells whether there were any. */
  erase(domain: string, options?: AbortOptions): Promise<boolean>;
}

/** The same credentials for the hosts given, none for others. */
export function fixedCredentials(byDomain: Readonly<Record<string, Credentials>>): CredentialSource {
  return { find: async (domain) => (Object.hasOwn(byDomain, domain) ? byDomain[domain] : undefined) };
}
