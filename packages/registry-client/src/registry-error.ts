// SPDX-License-Identifier: MIT
import { ToolError, type ToolErrorInit } from '@img-build/errors';

/** Reasons a registry operation fails. */
export type RegistryErrorCode =
  | 'REGISTRY_NOT_FOUND'
  | 'REGISTRY_UNAUTHORIZED'
  | 'REGISTRY_DENIED'
  | 'REGISTRY_UNREACHABLE'
  | 'REGISTRY_RATE_LIMITED'
  | 'REGISTRY_TLS'
  | 'REGISTRY_PROTOCOL'
  | 'REGISTRY_REDIRECT_REFUSED'
  | 'REGISTRY_DIGEST_MISMATCH'
  | 'REGISTRY_SIZE_MISMATCH'
  | 'REGISTRY_TAG_IMMUTABLE'
  | 'REGISTRY_PLATFORM_NOT_FOUND'
  | 'REGISTRY_UNSUPPORTED'
  | 'REGISTRY_REFUSED'
  | 'REGISTRY_SERVER_ERROR'
  | 'REGISTRY_CREDENTIALS_INVALID'
  | 'REGISTRY_SETTINGS_INVALID';

/** One entry of the list a registry puts into an error answer. @see distribution-spec v1.1.1, "Error Codes" */
export interface RegistryErrorDetail {
  readonly code: string;
  readonly message: string;
}

/** What a {@link RegistryError} knows besides its message. */
export interface RegistryErrorInit extends ToolErrorInit<RegistryErrorCode> {
  readonly status?: number | undefined;
  readonly errors?: readonly RegistryErrorDetail[] | undefined;
  readonly host?: string | undefined;
  readonly repository?: string | undefined;
  readonly temporary?: boolean | undefined;
}

/** Thrown by everything in this package. Messages and fields never hold credentials or signed query strings. */
export class RegistryError extends ToolError<RegistryErrorCode> {
  override readonly name = 'RegistryError';
  /** HTTP status of the answer that led here. */
  readonly status: number | undefined;
  /** The registry's own error list; empty when it sent none. */
  readonly errors: readonly RegistryErrorDetail[];
  /** Registry host, or the host a redirect led to. */
  readonly host: string | undefined;
  readonly repository: string | undefined;
  /** Tells that trying again later may help. */
  readonly temporary: boolean;

  constructor(message: string, { status, errors, host, repository, temporary, ...init }: RegistryErrorInit) {
    super(message, init);
    this.status = status;
    this.errors = errors ?? [];
    this.host = host;
    this.repository = repository;
    this.temporary = temporary ?? false;
  }
}

/** Tells whether trying again may help. */
export function isTemporary(error: unknown): boolean {
  return typeof error === 'object' && error !== null && (error as { temporary?: unknown }).temporary === true;
}
