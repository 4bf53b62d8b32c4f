// SPDX-License-Identifier: MIT

/** What a manifest runs on. @see image-spec v1.1.1, image-index.md, "platform" */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly 'os.version'?: string;
  readonly 'os.features'?: readonly string[];
}
