// SPDX-License-Identifier: MIT
// Stands in for undici in the bundle: the three exports that the registry client uses, without fetch, mocks, caches and
// web sockets. Saves 40 ms of every command that talks to a registry. undici is pinned to one version, so these paths hold;
// the tests of the bundle would fail without them.
import api from '../packages/registry-client/node_modules/undici/lib/api/index.js';
import Agent from '../packages/registry-client/node_modules/undici/lib/dispatcher/agent.js';
import Dispatcher from '../packages/registry-client/node_modules/undici/lib/dispatcher/dispatcher.js';
import ProxyAgent from '../packages/registry-client/node_modules/undici/lib/dispatcher/proxy-agent.js';

Object.assign(Dispatcher.prototype, api);

export { Agent, ProxyAgent };

/** As undici's own, for a URL object and with the dispatcher given. */
export function request(url, { dispatcher, ...options }) {
  return dispatcher.request({ ...options, origin: url.origin, path: `${url.pathname}${url.search}` });
}
