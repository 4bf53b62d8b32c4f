// SPDX-License-Identifier: MIT
// undici is CommonJS: named exports survive bundling only when they are imported statically. This file is imported
// dynamically instead, since loading undici takes longer than most commands.
export { Agent, ProxyAgent, request } from 'undici';
