// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { flatten, type ImageConfig } from '../support/image.ts';
import type { TarEntry } from '../support/tar.ts';

/** An image without what differs from one build to the next. */
export interface ComparableImage {
  readonly platform: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly history: readonly string[];
  /** One line per entry of each layer above the base; what a layer removes is seen in `trees`. */
  readonly layers: readonly (readonly string[])[];
  /** The paths that are there after each of these layers. */
  readonly trees: readonly (readonly string[])[];
}

/** Files of contexts and bases are older than this (2024-01-01), what a build makes is younger. */
const FIRST_SECOND_OF_BUILDS = 1_704_067_200;

/**
 * Strips times of the build, empty fields and the layers of the base.
 *
 * The engine's BuildKit of 2020 and today's differ in some ways that are taken out here: how history tells of EXPOSE,
 * HEALTHCHECK, ARG, WORKDIR and `--chown`; and copied folders, which keep their times only today. Layers may remove
 * the content of a folder by one opaque whiteout or by one whiteout per name.
 */
export function comparableImage(
  { config, layers }: { readonly config: ImageConfig; readonly layers: readonly (readonly TarEntry[])[] },
  baseLayers: number,
): ComparableImage {
  const { architecture, os, variant = '', history } = config;
  return {
    platform: [os, architecture, variant].filter(Boolean).join('/'),
    config: withoutEmpty(config.config),
    history: history.map(({ created_by = '', comment = '', empty_layer }) =>
      [empty_layer === true ? 'empty' : 'layer', ageless(created_by), comment].join(' | '),
    ),
    layers: layers.slice(baseLayers).map((entries) =>
      entries
        .filter(({ path }) => !/(^|\/)\.wh\.[^/]*$/.test(path))
        .map(lineOf)
        .sort(),
    ),
    trees: layers
      .slice(baseLayers)
      .map((_, index) => [...flatten(layers.slice(0, baseLayers + index + 1)).keys()].sort()),
  };
}

/** What both ages of BuildKit say of a step. */
function ageless(text: string): string {
  return text
    .replace(/^EXPOSE map\[(.*)\]/, (_, ports: string) => `EXPOSE [${ports.replaceAll(':{}', '')}]`)
    .replace(/^HEALTHCHECK .*/, 'HEALTHCHECK')
    .replace(/^(ARG [^=]+)=.*/, '$1')
    .replace(/^(WORKDIR .+)\/$/, '$1')
    .replace(/^(COPY|ADD) --chown=\S+/, '$1');
}

function lineOf({ path, type, mode, uid, gid, mtime, target, content, xattrs }: TarEntry): string {
  const isOld = Number(mtime) < FIRST_SECOND_OF_BUILDS;
  const time = type === 'folder' ? '-' : isOld ? String(Math.floor(Number(mtime))) : 'new';
  const link = type === 'symlink' || type === 'hardlink' ? ` -> ${target}` : '';
  const hash =
    type === 'file'
      ? ` ${content.length} ${createHash('sha256').update(content).digest('hex').slice(0, 12)}`
      : '';
  const names = Object.entries(xattrs).map(
    ([name, value]) => ` ${name}=${Buffer.from(value, 'latin1').toString('hex')}`,
  );
  return `${path} ${type} ${mode.toString(8)} ${uid}:${gid} ${time}${link}${hash}${names.sort().join('')}`;
}

/** Go leaves out or writes as null what nobody set. */
function withoutEmpty(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isSet = ([, field]: [string, unknown]): boolean =>
    field !== null && field !== '' && !(Array.isArray(field) && field.length === 0);
  return Object.fromEntries(Object.entries(value).filter(isSet));
}
