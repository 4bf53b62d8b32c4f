// SPDX-License-Identifier: MIT
import {
  canonicalDigest,
  chainId,
  type Digest,
  goJson,
  type ImageConfig,
  normalizePlatform,
  type Platform,
} from '@img-build/oci';

/**
 * The key of an image by what its name resolved to: sha256 of Go's JSON of digest and platform.
 *
 * @param digest - of the index when the name leads to one.
 * @see BuildKit, source/containerimage, mainManifestKey
 */
export function manifestKey(digest: Digest, platform: Platform): Digest {
  const {
    os,
    architecture,
    variant,
    'os.version': version,
    'os.features': features,
  } = normalizePlatform(platform);
  const parts = {
    Digest: digest,
    OS: os,
    Arch: architecture,
    Variant: variant,
    OSVersion: version,
    OSFeatures: features,
  };
  return canonicalDigest(goJson(parts));
}

/** The key of an image by what it holds: its chain id, or the digest of a config that has no layers. */
export function contentKey(config: ImageConfig, bytes: Uint8Array): Digest {
  return chainId(config.rootfs.diff_ids) ?? canonicalDigest(bytes);
}
