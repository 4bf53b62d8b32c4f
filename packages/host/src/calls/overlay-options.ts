// SPDX-License-Identifier: MIT

/** One option of an overlay mount, taken apart. */
export type OverlayOption =
  | { readonly name: 'lowerdir'; readonly paths: readonly string[] }
  | { readonly name: 'upperdir' | 'workdir'; readonly path: string }
  | { readonly name: 'flag'; readonly word: string };

/**
 * Takes apart the options of an overlay {@link Mount}, whose paths are absolute and unescaped.
 *
 * A `:` separates two lower folders only when `/` follows it: all paths are absolute, so this is unambiguous except for
 * folders whose name ends in a colon.
 */
export function parseOverlayOptions(options: readonly string[]): readonly OverlayOption[] {
  return options.map((word): OverlayOption => {
    const at = word.indexOf('=');
    const name = word.slice(0, at);
    const value = word.slice(at + 1);
    if (at > 0 && name === 'lowerdir') return { name, paths: value.split(/:(?=\/)/) };
    if (at > 0 && (name === 'upperdir' || name === 'workdir')) return { name, path: value };
    return { name: 'flag', word };
  });
}

/** The options as the one string of mount(2); `shorten` may make paths relative. */
export function formatOverlayOptions(
  options: readonly OverlayOption[],
  shorten: (path: string) => string = (path) => path,
): string {
  return options
    .map((option) => {
      if (option.name === 'flag') return option.word;
      if (option.name === 'lowerdir')
        return `lowerdir=${option.paths.map((path) => escape(shorten(path))).join(':')}`;
      return `${option.name}=${escape(shorten(option.path))}`;
    })
    .join(',');
}

/** The deepest folder that is above all paths. */
export function commonFolder(options: readonly OverlayOption[]): string {
  const paths = options.flatMap((option) =>
    option.name === 'flag' ? [] : option.name === 'lowerdir' ? option.paths : [option.path],
  );
  const [first = [], ...others] = paths.map((path) => path.split('/').slice(0, -1));
  let length = first.length;
  for (const other of others) {
    let same = 0;
    while (same < length && first[same] === other[same]) same++;
    length = same;
  }
  return first.slice(0, length).join('/') || '/';
}

function escape(path: string): string {
  return path.replace(/[\\:,]/g, '\\$&');
}
