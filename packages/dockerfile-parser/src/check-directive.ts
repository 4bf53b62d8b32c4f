// SPDX-License-Identifier: MIT
import { parseBoolean } from './flag-values.ts';

/** What a `# check=` directive asks of the linter. */
export interface CheckSettings {
  /** Rules not to report; `all`: none at all. Names are case-sensitive. */
  readonly skip: 'all' | readonly string[];
  /** Experimental rules to switch on; `all`: every one. */
  readonly experimental: 'all' | readonly string[];
  /** Whether a finding fails the build. */
  readonly error: boolean;
}

/**
 * Reads the value of a `# check=` directive: `skip=A,B|all`, `experimental=A,B|all`
 * and `error=true|false` (as Go writes them, `1` and `T` as well), separated by `;`.
 *
 * @returns `null` when a part is none of these.
 */
export function parseCheckSettings(value: string): CheckSettings | null {
  let skip: CheckSettings['skip'] = [];
  let experimental: CheckSettings['experimental'] = [];
  let error = false;
  for (const part of value.split(';')) {
    const cut = part.indexOf('=');
    if (cut < 0) return null;
    const setting = part.slice(cut + 1).trim();
    switch (part.slice(0, cut).trim()) {
      case 'skip':
        skip = ruleNames(setting);
        break;
      case 'experimental':
        experimental = ruleNames(setting);
        break;
      case 'error':
        if (parseBoolean(setting) === null) return null;
        error = parseBoolean(setting) === true;
        break;
      default:
        return null;
    }
  }
  return { skip, experimental, error };
}

function ruleNames(text: string): 'all' | readonly string[] {
  return text === 'all'
    ? 'all'
    : text
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '');
}
