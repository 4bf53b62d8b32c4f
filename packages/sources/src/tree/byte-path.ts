// SPDX-License-Identifier: MIT

/**
 * A path as the kernel keeps it: one character per byte (latin1), so that names that are not UTF-8 survive and plain
 * string comparison is byte order. ASCII paths look as usual; everything else goes through {@link bytePath},
 * {@link pathText} and {@link systemPath}. Relative to a root, `/` between components, `''` for the root itself.
 */
export type BytePath = string;

// biome-ignore lint/suspicious/noControlCharactersInRegex: the whole ASCII range is meant.
const ASCII = /^[\x00-\x7f]*$/;

/** The bytes of a text path. */
export function bytePath(text: string): BytePath {
  return ASCII.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** A path as text, for patterns and messages; bytes that are not UTF-8 become U+FFFD. */
export function pathText(path: BytePath): string {
  return ASCII.test(path) ? path : Buffer.from(path, 'latin1').toString('utf8');
}

/** What `node:fs` and the host calls take for `path` below the folder `root`. */
export function systemPath(root: string, path: BytePath): string | Buffer {
  if (path === '') return root;
  const full = root.endsWith('/') ? root : `${root}/`;
  return ASCII.test(path)
    ? full + path
    : Buffer.concat([Buffer.from(full, 'utf8'), Buffer.from(path, 'latin1')]);
}

/** Joins a folder and one component. */
export function childPath(folder: BytePath, name: BytePath): BytePath {
  return folder === '' ? name : `${folder}/${name}`;
}

/** The folder a path is in. */
export function parentPath(path: BytePath): BytePath {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** The last component. */
export function baseName(path: BytePath): BytePath {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Brings a path to its shortest form as if the root were `/`: no empty, `.` or `..` component is left. */
export function rootedPath(path: string): BytePath {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}
