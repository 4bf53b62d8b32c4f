// SPDX-License-Identifier: MIT
import { messageOf } from '@img-build/errors';
import type { ResolvedImageConfig } from '@img-build/interfaces';
import { deferred, http, image, local, ociLayout, type State, scratch, toLlbPlatform } from '@img-build/llb';
import {
  atDigest,
  formatReference,
  type ImageConfig,
  isDigest,
  type Platform,
  parseReference,
  withDigest,
} from '@img-build/oci';
import { FrontendError } from '../frontend-error.ts';
import type { LayoutReference, LowerRequest, ResolvedBase } from '../options.ts';
import { followPaths } from './follow-paths.ts';
import { gitState, parseGitAddress } from './git-address.ts';
import type { NamedContext } from './named-contexts.ts';
import { shownAddress } from './shown-address.ts';

/** What a named context turned out to be. */
export interface LoadedContext {
  readonly state: State;
  /** Of an image. */
  readonly config?: ImageConfig | undefined;
  /** An image that was resolved at a registry. */
  readonly base?: ResolvedBase | undefined;
}

/** What loading a context depends on. */
export interface ContextLoading {
  readonly request: LowerRequest;
  readonly platform: Platform;
  /** Paths of the context that are used, rooted; read when the graph is marshalled. */
  readonly paths: ReadonlySet<string>;
}

/**
 * Loads a named context, one that is not a stage.
 *
 * @throws FrontendError `CONTEXT_INVALID`, `BASE_UNRESOLVED`; the signal's reason
 */
export async function loadContext(context: NamedContext, loading: ContextLoading): Promise<LoadedContext> {
  const { value, key } = context;
  if (value.startsWith('docker-image:')) return await imageContext(context, loading);
  if (value.startsWith('oci-layout:')) return await layoutContext(context, loading);
  if (value.startsWith('local:')) return { state: await localContext(context, loading) };
  const address = parseGitAddress(value, { purpose: 'context' });
  if (address !== undefined)
    return { state: gitState(address, { name: `[internal] load git source ${shownAddress(value)}` }) };
  if (/^https?:/i.test(value))
    return { state: http(value, { filename: 'context', name: `[context ${key}] ${shownAddress(value)}` }) };
  const colon = value.indexOf(':');
  if (colon < 0) throw invalid(`invalid context specifier ${value} for ${key}`);
  throw invalid(`unsupported context source ${value.slice(0, colon)} for ${key}`);
}

async function imageContext({ key, value }: NamedContext, loading: ContextLoading): Promise<LoadedContext> {
  const written = afterScheme(value);
  if (written === 'scratch') return { state: scratch() };
  const { request, platform } = loading;
  const { resolver, signal, options } = request;
  const reference = parse(written, key);
  const resolved = await ask(
    `[context ${key}] load metadata for ${formatReference(reference)}`,
    key,
    () => resolver.resolveImageConfig(reference, platform, { signal }),
    request,
  );
  const pinned = formatReference(withDigest(reference, resolved.digest));
  return {
    state: image(pinned, {
      name: `[context ${key}] ${pinned}`,
      platform: toLlbPlatform(platform),
      resolveMode: options.pull === 'always' ? 'pull' : 'default',
    }),
    config: resolved.config,
    base: { name: written, reference: pinned, digest: resolved.digest, platform },
  };
}

async function layoutContext(
  { name, key, value }: NamedContext,
  { request, platform }: ContextLoading,
): Promise<LoadedContext> {
  const layout = parseLayout(afterScheme(value));
  if (layout === undefined) throw invalid(`could not parse oci-layout reference ${JSON.stringify(value)}`);
  const { resolveLayoutConfig, signal } = request;
  if (resolveLayoutConfig === undefined)
    throw invalid(`context ${key} is an OCI layout, which this build cannot read`);
  const resolved = await ask(
    `[context ${key}] load metadata for ${shownLayout(layout)}`,
    key,
    () => resolveLayoutConfig(layout, platform, { signal }),
    request,
  );
  // What the layout calls the image is of no use to the source: the name is for messages, the digest decides.
  const reference = formatReference(atDigest(parseReference(name), resolved.digest));
  return {
    state: ociLayout(reference, {
      store: layout.store,
      name: `[context ${key}] OCI load from client`,
      platform: toLlbPlatform(platform),
    }),
    config: resolved.config,
  };
}

async function localContext(
  { key, value }: NamedContext,
  { request, paths }: ContextLoading,
): Promise<State> {
  const name = value.slice('local:'.length);
  const { signal } = request;
  const excludePatterns = await request.loadIgnore?.(name, { signal });
  return deferred(() =>
    local(name, {
      name: `[context ${key}] load from client`,
      excludePatterns,
      followPaths: followPaths(paths),
      sharedKeyHint: `context:${key}-`,
    }),
  );
}

async function ask(
  name: string,
  key: string,
  work: () => Promise<ResolvedImageConfig>,
  { observe, signal }: LowerRequest,
): Promise<ResolvedImageConfig> {
  try {
    return observe === undefined ? await work() : await observe(name, work);
  } catch (cause) {
    signal?.throwIfAborted();
    throw new FrontendError(`failed to load context ${key}: ${messageOf(cause)}`, {
      code: 'BASE_UNRESOLVED',
      cause,
    });
  }
}

function parse(written: string, key: string): ReturnType<typeof parseReference> {
  try {
    return parseReference(written);
  } catch (cause) {
    throw new FrontendError(`invalid image of context ${key}: ${messageOf(cause)}`, {
      code: 'CONTEXT_INVALID',
      cause,
    });
  }
}

function parseLayout(text: string): LayoutReference | undefined {
  const [, store, tag, digest] = /^([^@]+?)(?::(\w[\w.-]{0,127}))?(?:@(.+))?$/.exec(text) ?? [];
  if (store === undefined) return undefined;
  if (digest === undefined) return { store, tag: tag ?? 'latest' };
  return isDigest(digest) ? { store, tag, digest } : undefined;
}

function shownLayout({ store, tag, digest }: LayoutReference): string {
  return `${store}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

function afterScheme(value: string): string {
  return value.slice(value.indexOf(':') + 1).replace(/^\/\//, '');
}

function invalid(message: string): FrontendError {
  return new FrontendError(message, {
    code: 'CONTEXT_INVALID',
    hint: 'a named context is a folder, docker-image://REFERENCE, oci-layout://FOLDER, target:STAGE, or a git or http(s) address',
  });
}
