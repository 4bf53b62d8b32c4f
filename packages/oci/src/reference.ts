// SPDX-License-Identifier: MIT
import { type Digest, isDigest } from './digest.ts';
import { OciError } from './oci-error.ts';

/**
 * A parsed, normalised image name. @see distribution/reference grammar
 */
export interface Reference {
  /** Registry host with optional port; `docker.io` for Docker Hub. */
  readonly domain: string;
  /** Repository path, with `library/` filled in for Docker Hub. */
  readonly path: string;
  /** `latest` when neither tag nor digest was written. */
  readonly tag?: string;
  /** Wins over the tag when both are present. */
  readonly digest?: Digest;
}

const HUB = 'docker.io';
const HUB_ALIAS = 'index.docker.io';
const OFFICIAL = 'library/';
const MAX_PATH = 255;
/** Longest text looked at: a host name, a path, a tag and a sha512 digest fit with room to spare. */
const MAX_TEXT = 1024;

const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?';
const DOMAIN = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9A-Fa-f:]+\\])(?::[0-9]+)?$`);
const PATH = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const IMAGE_ID = /^[0-9a-f]{64}$/;

/**
 * Parses what a user writes: `[domain/]path[:tag][@digest]`, filling in Docker Hub, `library/` and `latest`.
 *
 * @throws OciError `REFERENCE_INVALID`
 * @see distribution/reference v0.6, regexp.go and normalize.go
 */
export function parseReference(text: string): Reference {
  if (text === '') throw invalid(text, 'it is empty');
  if (text.length > MAX_TEXT)
    throw invalid(`${text.slice(0, 40)}…`, `it is longer than ${MAX_TEXT} characters`);
  if (IMAGE_ID.test(text))
    throw invalid(
      text,
      'a bare 64-digit hexadecimal name looks like an image id',
      'write sha256: before an image id',
    );
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !isDigest(digest))
    throw invalid(text, `${JSON.stringify(digest)} is not a digest`);
  const { domain, rest } = splitDomain(at < 0 ? text : text.slice(0, at));
  const colon = rest.indexOf(':');
  const tag = colon < 0 ? undefined : rest.slice(colon + 1);
  if (tag !== undefined && !TAG.test(tag)) throw invalid(text, `${JSON.stringify(tag)} is not a tag`);
  const path = normalPath(domain, colon < 0 ? rest : rest.slice(0, colon));
  checkName(text, domain, path);
  if (digest !== undefined)
    return tag === undefined ? { domain, path, digest } : { domain, path, tag, digest };
  return { domain, path, tag: tag ?? 'latest' };
}

/** Tells whether {@link parseReference} accepts `text`. */
export function isReference(text: string): boolean {
  try {
    parseReference(text);
    return true;
  } catch {
    return false;
  }
}

/** Tells whether `text` can be a tag. */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** `domain/path`, fully qualified, without tag and digest. */
export function repositoryName(reference: Reference): string {
  return `${reference.domain}/${reference.path}`;
}

/** The full normalised form `domain/path[:tag][@digest]`; {@link parseReference} gives the same reference back. */
export function formatReference(reference: Reference): string {
  return repositoryName(reference) + suffix(reference);
}

/**
 * The name as users write it: without `docker.io/` and `library/` where they are implied, without tag and digest.
 * A name that would mean something else when shortened stays whole.
 */
export function familiarName(reference: Reference): string {
  if (reference.domain !== HUB) return repositoryName(reference);
  const { path } = reference;
  const short =
    path.startsWith(OFFICIAL) && !path.includes('/', OFFICIAL.length) ? path.slice(OFFICIAL.length) : path;
  const { domain, rest } = splitDomain(short);
  const same = domain === HUB && normalPath(domain, rest) === path && !IMAGE_ID.test(short);
  return same ? short : repositoryName(reference);
}

/** {@link familiarName} with tag and digest. */
export function familiarReference(reference: Reference): string {
  return familiarName(reference) + suffix(reference);
}

/**
 * The same repository under a tag, without digest.
 *
 * @throws OciError `REFERENCE_INVALID`
 */
export function withTag(reference: Reference, tag: string): Reference {
  if (!TAG.test(tag))
    throw invalid(`${repositoryName(reference)}:${tag}`, `${JSON.stringify(tag)} is not a tag`);
  return { domain: reference.domain, path: reference.path, tag };
}

/** The same repository and tag, pinned to a digest. */
export function withDigest(reference: Reference, digest: Digest): Reference {
  return { ...reference, digest };
}

/** The same repository at a digest, without tag. */
export function atDigest(reference: Reference, digest: Digest): Reference {
  return { domain: reference.domain, path: reference.path, digest };
}

function suffix({ tag, digest }: Reference): string {
  return (tag === undefined ? '' : `:${tag}`) + (digest === undefined ? '' : `@${digest}`);
}

function splitDomain(name: string): { readonly domain: string; readonly rest: string } {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const isDomain = first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase();
  if (!isDomain) return { domain: HUB, rest: name };
  return { domain: first === HUB_ALIAS ? HUB : first, rest: name.slice(slash + 1) };
}

function normalPath(domain: string, path: string): string {
  return domain === HUB && !path.includes('/') ? OFFICIAL + path : path;
}

function checkName(text: string, domain: string, path: string): void {
  if (!DOMAIN.test(domain)) throw invalid(text, `${JSON.stringify(domain)} is not a registry host`);
  if (path.length > MAX_PATH)
    throw invalid(text, `the repository name is longer than ${MAX_PATH} characters`);
  if (PATH.test(path)) return;
  if (path !== path.toLowerCase()) throw invalid(text, 'the repository name must be lower case');
  throw invalid(text, `${JSON.stringify(path)} is not a repository name`);
}

function invalid(text: string, why: string, hint?: string): OciError {
  return new OciError(`invalid reference ${JSON.stringify(text)}: ${why}`, {
    code: 'REFERENCE_INVALID',
    hint,
  });
}
