// SPDX-License-Identifier: MIT
import { type HttpResponse, headersOf } from '../http/message.ts';

/**
 * The address of the next page, when there is one on the same host.
 *
 * @see distribution-spec v1.1.1, "Listing Tags"; RFC 8288
 */
export function nextPage(response: Pick<HttpResponse, 'headers' | 'url'>): URL | undefined {
  for (const value of headersOf(response.headers, 'link')) {
    for (const [, address = '', parameters = ''] of value.slice(0, 8192).matchAll(/<([^>]*)>([^,<]*)/g)) {
      if (!/;\s*rel\s*=\s*"?next"?\s*(?:;|$)/i.test(parameters.trim())) continue;
      if (!URL.canParse(address, response.url.href)) return undefined;
      const url = new URL(address, response.url);
      // Only the path and query count: proxies get host and scheme wrong, and another host is none of ours.
      return url.hostname === response.url.hostname
        ? new URL(url.pathname + url.search, response.url)
        : undefined;
    }
  }
  return undefined;
}
