// SPDX-License-Identifier: MIT
import type { AbortOptions, ImageConfigResolver, SourceRange } from '@img-build/interfaces';
import type { Definition, NetMode } from '@img-build/llb';
import type { Digest, ImageConfig, Platform } from '@img-build/oci';

/** What a build asks of a Dockerfile. */
export interface LowerOptions {
  /** Stage to build; default the last one. */
  readonly target?: string | undefined;
  readonly buildArgs?: Readonly<Record<string, string>> | undefined;
  /** Added to the result's labels; they win over LABEL and are not expanded. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Platforms to build for; none means the build platform, or what the base image offers instead. */
  readonly platforms?: readonly Platform[] | undefined;
  /** Platform the build runs on. */
  readonly buildPlatform: Platform;
  /** `true`: no step reads the cache; a list: the steps of these stages. */
  readonly noCache?: boolean | readonly string[] | undefined;
  /** Rules of the context's ignore file. */
  readonly contextIgnore?: readonly string[] | undefined;
  /** Name of the context in the graph: `local://NAME`; default `context`. */
  readonly contextName?: string | undefined;
  /** Network of RUN without `--network`. */
  readonly network?: NetMode | undefined;
  readonly hostname?: string | undefined;
  readonly extraHosts?: readonly { readonly host: string; readonly ip: string }[] | undefined;
  readonly ulimits?:
    | readonly { readonly name: string; readonly soft: number; readonly hard: number }[]
    | undefined;
  /** Bytes of /dev/shm. */
  readonly shmSize?: number | undefined;
  readonly cgroupParent?: string | undefined;
  /** `always` resolves base images anew although they are known. */
  readonly pull?: 'default' | 'always' | undefined;
}

/** A Dockerfile and what lowering it needs. */
export interface LowerRequest extends AbortOptions {
  /** The file's text. */
  readonly text: string;
  /** The file's name, for messages. */
  readonly name: string;
  readonly options: LowerOptions;
  readonly resolver: ImageConfigResolver;
  /**
   * Called around every question to the resolver, so that it can be shown as a step.
   *
   * @param name - `[internal] load metadata for docker.io/library/alpine:3`
   */
  readonly observe?: (<T>(name: string, work: () => Promise<T>) => Promise<T>) | undefined;
}

/** One warning about a Dockerfile; warnings are the same for all platforms. */
export interface FrontendWarning {
  /** Name of the rule that was broken. */
  readonly rule: string;
  readonly message: string;
  readonly range: SourceRange;
}

/** A base image that was resolved. */
export interface ResolvedBase {
  /** As written, variables expanded. */
  readonly name: string;
  /** Normalised and pinned. */
  readonly reference: string;
  readonly digest: Digest;
  readonly platform: Platform;
}

/** The result for one platform. */
export interface LoweredPlatform {
  readonly platform: Platform;
  readonly definition: Definition;
  /** `rootfs` and the history entries of the base are the base's; new layers are the exporter's to add. No `created`. */
  readonly config: ImageConfig;
  /** How many of `config.history`'s entries come from the base image. */
  readonly baseHistory: number;
  /** The base image's config, when the result has one. */
  readonly baseConfig?: ImageConfig | undefined;
}

/** What a Dockerfile was lowered to. */
export interface LowerResult {
  readonly platforms: readonly LoweredPlatform[];
  /** More than one platform was asked for, or an index although there is one. */
  readonly multiPlatform: boolean;
  readonly warnings: readonly FrontendWarning[];
  readonly bases: readonly ResolvedBase[];
  /** Seconds since the Unix epoch, when SOURCE_DATE_EPOCH is set. */
  readonly sourceDateEpoch?: number | undefined;
  /** Lines of the Dockerfile that a vertex comes from. */
  locationOf(vertex: Digest): SourceRange | undefined;
}
