// SPDX-License-Identifier: MIT
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** What to put at a path: `null` a folder, text a file, or a link. */
export type Content = string | null | { readonly link: string } | { readonly hardlink: string };

const made: string[] = [];

/** A temporary folder with files of mode 0644 and folders of mode 0755, whatever the umask; all older than a minute. */
export function folderWith(files: Readonly<Record<string, Content>>): string {
  const root = mkdtempSync(join(tmpdir(), 'img-sources-'));
  made.push(root);
  chmodSync(root, 0o755);
  for (const [path, content] of Object.entries(files)) put(root, path, content);
  return root;
}

/** Puts one entry below a folder of {@link folderWith}. */
export function put(root: string, path: string, content: Content): void {
  const full = join(root, path);
  mkdirSync(dirname(full), { recursive: true, mode: 0o755 });
  if (content === null) {
    mkdirSync(full, { recursive: true });
    chmodSync(full, 0o755);
  } else if (typeof content === 'string') {
    writeFileSync(full, content);
    chmodSync(full, 0o644);
    utimesSync(full, 1_700_000_000, 1_700_000_000);
  } else if ('link' in content) symlinkSync(content.link, full);
  else linkSync(join(root, content.hardlink), full);
}

/** Removes every folder made. */
export function removeFolders(): void {
  for (const root of made.splice(0)) rmSync(root, { recursive: true, force: true });
}
