// SPDX-License-Identifier: MIT
import { stripTypeScriptTypes } from 'node:module';

/** Jest transform: blanks out the types exactly as Node.js does itself, so positions stay true without source maps. */
export default {
  process: (source) => ({ code: stripTypeScriptTypes(source) }),
};
