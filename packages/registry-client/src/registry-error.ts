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
  | 'REGISTRY_LOCATION_INVALID'
  | 'REGISTRY_ARCHIVE_INVALID'
  | 'REGISTRY_REFUSED'
  | 'REGISTRY_SERVER_ERROR'
  | 'REGISTRY_CREDENTIALS_INVALID'
  | 'REGISTRY_SETTINGS_INVALID'
  | 'REGISTRY_BLOCKED';

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
  readonly mirrorFailures?: readonly RegistryError[] | undefined;
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
  /** Why each mirror that was asked before the registry did not help. */
  readonly mirrorFailures: readonly RegistryError[];

  constructor(
    message: string,
    { status, errors, host, repository, temporary, mirrorFailures, ...init }: RegistryErrorInit,
  ) {
    super(`${message}${mirrorWords(mirrorFailures ?? [])}`, init);
    this.status = status;
    this.errors = errors ?? [];
    this.host = host;
    this.repository = repository;
    this.temporary = temporary ?? false;
    this.mirrorFailures = mirrorFailures ?? [];
  }
}

/** Tells whether trying again may help. */
export function isTemporary(error: unknown): boolean {
  return typeof error === 'object' && error !== null && (error as { temporary?: unknown }).temporary === true;
}

/** The same error with what happened at the mirrors before it. */
export function withMirrorFailures(
  error: RegistryError,
  mirrorFailures: readonly RegistryError[],
): RegistryError {
  if (mirrorFailures.length === 0) return error;
  const { message, code, hint, cause, status, errors, host, repository, temporary } = error;
  return new RegistryError(message, {
    code,
    hint,
    status,
    errors,
    host,
    repository,
    temporary,
    mirrorFailures,
    ...(cause === undefined ? {} : { cause }),
  });
}

function mirrorWords(failures: readonly RegistryError[]): string {
  return failures.map(({ host, message }) => ` (mirror ${host ?? ''}: ${message})`).join('');
}
