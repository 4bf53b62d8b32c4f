// SPDX-License-Identifier: MIT
import type { Digest } from '@img-build/oci';
import { encodeOp, sha256Digest } from '../codec.ts';
import type { Definition, Input, LlbPlatform, Location, OpMetadata, Source } from '../ops.ts';
import type { GraphNode, MarshalContext, Output, SourceFile, SourceLocation } from './node.ts';
import type { State } from './state.ts';

/**
 * Turns a state into a definition: every op once, inputs first, the terminal op last.
 *
 * @param platform - of ops that were made without one.
 */
export function marshal(state: State, { platform }: { readonly platform: LlbPlatform }): Definition {
  if (state.output.node() === undefined) return { def: [], metadata: {} };
  const marshaller = new Marshaller(platform);
  marshaller.addAll(state.output);
  return marshaller.finish(state.output);
}

class Marshaller implements MarshalContext {
  readonly platform: LlbPlatform;
  readonly #digests = new Map<GraphNode, Digest>();
  readonly #ops = new Map<Digest, Uint8Array>();
  readonly #metadata: Record<Digest, OpMetadata> = {};
  readonly #files: SourceFile[] = [];
  readonly #locations: Record<Digest, { locations: Location[] }> = {};

  constructor(platform: LlbPlatform) {
    this.platform = platform;
  }

  input(output: Output): Input {
    const node = output.node();
    const digest = node === undefined ? undefined : this.#digests.get(node);
    if (digest === undefined) throw new TypeError('a node uses an output it does not list as input');
    return { digest, index: output.index };
  }

  /** Depth first without recursion: a Dockerfile may have thousands of steps. */
  addAll(root: Output): void {
    const pending: { readonly node: GraphNode; readonly inputs: readonly Output[]; next: number }[] = [];
    const open = (output: Output): void => {
      const node = output.node();
      if (node !== undefined && !this.#digests.has(node))
        pending.push({ node, inputs: node.inputs(), next: 0 });
    };
    open(root);
    for (let top = pending.at(-1); top !== undefined; top = pending.at(-1)) {
      const input = top.inputs[top.next++];
      if (input !== undefined) {
        open(input);
      } else {
        this.#add(top.node);
        pending.pop();
      }
    }
  }

  finish(root: Output): Definition {
    const terminal = encodeOp({ type: 'none', inputs: [this.input(root)] });
    this.#metadata[sha256Digest(terminal)] = {
      ignoreCache: false,
      description: {},
      caps: { constraints: true, platform: true },
    };
    return { def: [...this.#ops.values(), terminal], metadata: this.#metadata, ...this.#source() };
  }

  #add(node: GraphNode): void {
    if (this.#digests.has(node)) return;
    const bytes = encodeOp(node.toOp(this));
    const digest = sha256Digest(bytes);
    this.#digests.set(node, digest);
    const known = this.#metadata[digest];
    this.#ops.set(digest, bytes);
    this.#metadata[digest] =
      known === undefined
        ? metadataOf(node)
        : { ...known, ignoreCache: known.ignoreCache || node.options.ignoreCache === true };
    if (node.options.location !== undefined) this.#locate(digest, node.options.location);
  }

  #locate(digest: Digest, { file, ranges }: SourceLocation): void {
    let sourceIndex = this.#files.indexOf(file);
    if (sourceIndex < 0) sourceIndex = this.#files.push(file) - 1;
    const { locations } = (this.#locations[digest] ??= { locations: [] });
    locations.push({ sourceIndex, ranges });
  }

  #source(): { source?: Source } {
    if (this.#files.length === 0) return {};
    return { source: { locations: this.#locations, infos: this.#files } };
  }
}

function metadataOf({ options, caps }: GraphNode): OpMetadata {
  const description = {
    ...options.description,
    ...(options.name === undefined ? {} : { 'llb.customname': options.name }),
  };
  const all = ['constraints', 'platform', ...caps];
  if (Object.keys(description).length > 0) all.push('meta.description');
  if (options.ignoreCache === true) all.push('meta.ignorecache');
  return {
    ignoreCache: options.ignoreCache ?? false,
    description,
    caps: Object.fromEntries(all.map((cap) => [cap, true])),
    progressGroup: options.progressGroup,
  };
}
