// SPDX-License-Identifier: MIT
import { RegistryError, type RegistryErrorCode, type RegistryErrorDetail } from '../registry-error.ts';
import { displayUrl, type HttpResponse, headerOf } from './message.ts';
import { readExcerpt } from './read-body.ts';

/** Bytes of an error answer that are read at most. */
const MAX_ERROR_BYTES = 64 * 1024;
/** Characters of the registry's own words that go into a message. */
const MAX_WORDS = 300;
/** Statuses that promise another outcome later. 499 and 522 come from proxies in front of registries. */
const TEMPORARY: ReadonlySet<number> = new Set([408, 429, 499, 500, 502, 503, 504, 522]);

/** What was asked when an answer turned out to be an error. */
export interface ErrorSubject {
  /** What was wanted, as in `manifest r.test/app:1`. */
  readonly what: string;
  readonly host: string;
  readonly repository?: string | undefined;
}

/** Tells whether a status promises another outcome later. */
export function isTemporaryStatus(status: number): boolean {
  return TEMPORARY.has(status);
}

/**
 * Turns an answer nobody expected into an error, reading at most 64 KiB of it. Bodies that are not JSON are not quoted,
 * so a web page never ends up in a terminal.
 */
export async function errorFromResponse(
  response: HttpResponse,
  subject: ErrorSubject,
): Promise<RegistryError> {
  const { status } = response;
  const errors = errorList(
    await readExcerpt(response, MAX_ERROR_BYTES),
    headerOf(response.headers, 'content-type'),
  );
  const words = wordsOf(errors);
  const code = codeOf(status, errors);
  return new RegistryError(`${sentence(code, subject, response)}${words === '' ? '' : `: ${words}`}`, {
    code,
    status,
    errors,
    host: subject.host,
    repository: subject.repository,
    temporary: TEMPORARY.has(status),
    mirrorFailures: response.mirrorFailures,
    hint: hintFor(code, subject),
  });
}

function codeOf(status: number, errors: readonly RegistryErrorDetail[]): RegistryErrorCode {
  if (status === 401) return 'REGISTRY_UNAUTHORIZED';
  if (status === 403) return 'REGISTRY_DENIED';
  if (status === 404) return 'REGISTRY_NOT_FOUND';
  if (status === 429 || errors.some(({ code }) => code === 'TOOMANYREQUESTS')) return 'REGISTRY_RATE_LIMITED';
  if (status >= 500) return 'REGISTRY_SERVER_ERROR';
  return status >= 400 ? 'REGISTRY_REFUSED' : 'REGISTRY_PROTOCOL';
}

function sentence(code: RegistryErrorCode, { what, host }: ErrorSubject, response: HttpResponse): string {
  switch (code) {
    case 'REGISTRY_NOT_FOUND':
      return `${what} not found`;
    case 'REGISTRY_UNAUTHORIZED':
      return `${host} wants a login for ${what}`;
    case 'REGISTRY_DENIED':
      return `${host} denied access to ${what}`;
    case 'REGISTRY_RATE_LIMITED':
      return `${host} limits the rate of requests, refused ${what}`;
    default:
      return `${what} failed: ${displayUrl(response.url)} answered ${response.status}`;
  }
}

function hintFor(code: RegistryErrorCode, { host }: ErrorSubject): string | undefined {
  switch (code) {
    case 'REGISTRY_UNAUTHORIZED':
    case 'REGISTRY_DENIED':
      return `log in with an account that may do this: img login ${host}`;
    case 'REGISTRY_RATE_LIMITED':
      return `wait, or log in for a higher limit: img login ${host}`;
    default:
      return undefined;
  }
}

function errorList(text: string, contentType: string | undefined): RegistryErrorDetail[] {
  if (contentType?.includes('html') === true || !text.trimStart().startsWith('{')) return [];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  const { errors, ...rest } = value as { errors?: unknown };
  const list = Array.isArray(errors) ? errors.slice(0, 20) : [rest];
  return list.flatMap((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) return [];
    const { code, message, details } = entry as Record<string, unknown>;
    const says = typeof message === 'string' ? message : typeof details === 'string' ? details : '';
    return typeof code === 'string' || says !== ''
      ? [{ code: typeof code === 'string' ? code : 'UNKNOWN', message: says }]
      : [];
  });
}

function wordsOf(errors: readonly RegistryErrorDetail[]): string {
  const words = errors.map(({ code, message }) => (message === '' ? code.toLowerCase() : message)).join('; ');
  // Registries may say anything; control characters stay out of terminals and logs.
  const clean = words.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').trim();
  return clean.length > MAX_WORDS ? `${clean.slice(0, MAX_WORDS)}…` : clean;
}
