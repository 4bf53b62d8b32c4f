// SPDX-License-Identifier: MIT
export { type ErrorData, errorFromData, errorToData, hintOf, messageOf } from './error-data.ts';
export { isSystemError, type NodeJSErrnoLike } from './system-error.ts';
export { isToolError, ToolError, type ToolErrorInit } from './tool-error.ts';
