// SPDX-License-Identifier: MIT
import { type Descriptor, formatPlatform, normalizePlatform, type Platform } from '@img-build/oci';
import { ExporterError } from '../exporter-error.ts';

/** What an annotation is written on. */
export type AnnotationTarget = 'manifest' | 'index' | 'manifest-descriptor' | 'index-descriptor';

/** One annotation of an image. */
export interface Annotation {
  readonly target: AnnotationTarget;
  /** Only the manifest of this platform; default all. */
  readonly platform?: Platform | undefined;
  readonly key: string;
  readonly value: string;
}

/** Annotations as a document has them: sorted by key, the last of equal keys; `undefined` when there are none. */
export function annotationsOf(
  annotations: readonly Annotation[],
  target: AnnotationTarget,
  platform?: Platform,
): Readonly<Record<string, string>> | undefined {
  const here = platform === undefined ? undefined : shown(platform);
  const entries = annotations
    .filter(
      (each) => each.target === target && (each.platform === undefined || shown(each.platform) === here),
    )
    .map(({ key, value }) => [key, value] as const);
  return entries.length === 0
    ? undefined
    : Object.fromEntries([...new Map(entries)].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A descriptor with annotations of its own. */
export function annotated(
  descriptor: Descriptor,
  annotations: Readonly<Record<string, string>> | undefined,
): Descriptor {
  return annotations === undefined
    ? descriptor
    : { ...descriptor, annotations: { ...descriptor.annotations, ...annotations } };
}

/**
 * Refuses what would silently be lost.
 *
 * @throws ExporterError `EXPORT_ANNOTATION_INVALID` for an annotation of an index where none is written, and for one of
 *   a platform that is not built
 */
export function checkAnnotations(
  annotations: readonly Annotation[],
  { hasIndex, platforms }: { readonly hasIndex: boolean; readonly platforms: readonly Platform[] },
): void {
  const built = platforms.map(shown);
  for (const { target, platform, key } of annotations) {
    if (target.startsWith('index') && !hasIndex)
      throw new ExporterError(`index annotations not supported for single platform export: ${key}`, {
        code: 'EXPORT_ANNOTATION_INVALID',
        hint: 'annotate the manifest, or build several platforms, or set --build-arg BUILDKIT_MULTI_PLATFORM=1',
      });
    if (platform !== undefined && !built.includes(shown(platform)))
      throw new ExporterError(`annotation ${key} is for ${shown(platform)}, which is not built`, {
        code: 'EXPORT_ANNOTATION_INVALID',
        hint: `built is ${built.join(', ')}`,
      });
  }
}

function shown(platform: Platform): string {
  return formatPlatform(normalizePlatform(platform));
}
