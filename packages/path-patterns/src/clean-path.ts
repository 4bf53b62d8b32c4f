// SPDX-License-Identifier: MIT

/**
 * The shortest path that lexically means the same, as Go's `path.Clean`: no empty
 * or `.` parts, no `..` that could be resolved, no slash at the end; `.` for an
 * empty path.
 */
export function cleanPath(path: string): string {
  const rooted = path.startsWith('/');
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    const resolves = part === '..' && parts.length > 0 && parts.at(-1) !== '..';
    if (resolves) parts.pop();
    else if (part !== '..' || !rooted) parts.push(part);
  }
  const joined = parts.join('/');
  if (rooted) return `/${joined}`;
  return joined === '' ? '.' : joined;
}
