// SPDX-License-Identifier: MIT
import { ToolError } from '@img-build/errors';

/**
 * - `ENGINE_MISSING`: neither docker nor podman is installed.
 * - `ENGINE_UNREACHABLE`: the client is there, but what it talks to does not answer.
 * - `ENGINE_LOAD_FAILED`: the engine did not take the image; the message is its own.
 */
export type EngineErrorCode = 'ENGINE_MISSING' | 'ENGINE_UNREACHABLE' | 'ENGINE_LOAD_FAILED';

/** Thrown when an image cannot be given to the container engine of this machine. */
export class EngineError extends ToolError<EngineErrorCode> {
  override readonly name = 'EngineError';
}
