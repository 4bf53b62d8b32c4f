// SPDX-License-Identifier: MIT

/** What is known about the image a stage starts from. */
export interface BaseImage {
  /** `NAME=value` each, as in an image config. */
  readonly env?: readonly string[] | undefined;
  /** Its SHELL. */
  readonly shell?: readonly string[] | null | undefined;
  /** Its ONBUILD triggers. */
  readonly onbuild?: readonly string[] | null | undefined;
  /** The platform it turned out to have: `linux/arm64`. */
  readonly platform?: string | undefined;
  /** The platform it should have; default `--platform` of FROM, else the target platform. */
  readonly expectedPlatform?: string | undefined;
}

/** Which image is asked for. */
export interface BaseImageRequest {
  /** Index of the stage that starts from it. */
  readonly stage: number;
  /** As written, variables expanded; for a named context its name. */
  readonly name: string;
  /** `--platform` of FROM expanded; `null` without the flag. */
  readonly platform: string | null;
}

/** What the meaning of a file depends on besides its text. */
export interface ResolveOptions {
  /** `--build-arg`. */
  readonly args?: Readonly<Record<string, string>> | undefined;
  /** Platform to build for, normalised: `linux/arm64`, `linux/arm/v7`, `windows(10.0.17763)/amd64`. Default `linux/amd64`. */
  readonly platform?: string | undefined;
  /** Platform the build runs on; default the target platform. */
  readonly buildPlatform?: string | undefined;
  /** Stage to build; default the last one. */
  readonly target?: string | undefined;
  /** Names of named contexts: `--build-context NAME=…`. They win over images and over stages of the same name. */
  readonly contexts?: readonly string[] | undefined;
  /**
   * Looks up what is known about a base image, or about the image that a named context is. Without it (or without an answer) nothing is: its variables, shell and
   * triggers stay open, which is not the same as having none.
   */
  readonly baseImage?: ((request: BaseImageRequest) => BaseImage | null | undefined) | undefined;
}
