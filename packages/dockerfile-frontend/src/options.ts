// SPDX-License-Identifier: MIT
import type {
  AbortOptions,
  ImageConfigResolver,
  ResolvedImageConfig,
  SourceIdentifier,
  SourceRange,
} from '@img-build/interfaces';
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
  /** The result is an index although there is one platform only. */
  readonly multiPlatform?: boolean | undefined;
  /** Platform the build runs on. */
  readonly buildPlatform: Platform;
  /** `true`: no step reads the cache; a list: the steps of these stages. */
  readonly noCache?: boolean | readonly string[] | undefined;
  /**
   * The main context: `local:NAME` (a folder the caller knows by that name; the default is `local:context`), a git
   * address with fragment or query, or an `http(s)://` address.
   */
  readonly context?: string | undefined;
  /**
   * What an `http(s)://` context was found to be: `archive` is unpacked, `file` (the default) is a folder with one file
   * called `context`.
   */
  readonly contextForm?: 'archive' | 'file' | undefined;
  /** Folder of the main context to use instead of its root; not for local contexts. */
  readonly contextSubdirectory?: string | undefined;
  /** Rules of the main context's ignore file, when it is local. */
  readonly contextIgnore?: readonly string[] | undefined;
  /**
   * Named contexts. They stand for stages and images of that name in FROM, `COPY --from` and mounts; a context that
   * nothing uses is never looked at. The key is a name, or `NAME::os/arch` for one platform. The value is one of
   *
   * - `local:NAME`, a folder the caller knows by that name;
   * - `docker-image://REFERENCE`, or `docker-image://scratch` for nothing;
   * - `oci-layout://STORE[:TAG][@DIGEST]`, an image of a layout the caller knows as STORE;
   * - `target:STAGE`, another stage of this Dockerfile;
   * - a git address or an `http(s)://` address, as for {@link LowerOptions.context}.
   */
  readonly contexts?: Readonly<Record<string, string>> | undefined;
  /** What the user allows steps to ask for: `network.host`, `security.insecure`. Devices are for who runs a step to allow. */
  readonly entitlements?: readonly string[] | undefined;
  /** Devices that every RUN gets, by CDI name. */
  readonly devices?:
    | readonly { readonly name: string; readonly optional?: boolean | undefined }[]
    | undefined;
  /**
   * BuildKit's frontend attributes by name, as `--opt` gives them (`build-arg:NAME`, `context:NAME`, `add-hosts`, …).
   * One that is given wins over the field of these options that says the same.
   */
  readonly attributes?: Readonly<Record<string, string>> | undefined;
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

/** An image of an OCI layout. */
export interface LayoutReference {
  /** What the caller calls the layout. */
  readonly store: string;
  /** `latest` when neither tag nor digest was given. */
  readonly tag?: string | undefined;
  readonly digest?: Digest | undefined;
}

/** A Dockerfile and what lowering it needs. */
export interface LowerRequest extends AbortOptions {
  /** The file's text. */
  readonly text: string;
  /** The file's name, for messages. */
  readonly name: string;
  readonly options: LowerOptions;
  readonly resolver: ImageConfigResolver;
  /** Resolves images of `oci-layout://` contexts; without it such a context is an error. */
  readonly resolveLayoutConfig?:
    | ((layout: LayoutReference, platform: Platform, options: AbortOptions) => Promise<ResolvedImageConfig>)
    | undefined;
  /** Rules of the ignore file of a named `local:` context; asked only about contexts that are used. */
  readonly loadIgnore?:
    | ((localName: string, options: AbortOptions) => Promise<readonly string[]>)
    | undefined;
  /**
   * Seconds since the Unix epoch of a git commit, or of a download: its `Last-Modified`, else that of the newest file of
   * the archive it is. Asked when SOURCE_DATE_EPOCH names a source; `undefined` when there is no time.
   */
  readonly sourceTime?:
    | ((source: SourceIdentifier, options: AbortOptions) => Promise<number | undefined>)
    | undefined;
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
  /** What the rule is for. */
  readonly description?: string | undefined;
  /** Page about the rule. */
  readonly url?: string | undefined;
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
