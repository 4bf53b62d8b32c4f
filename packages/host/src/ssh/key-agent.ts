// SPDX-License-Identifier: MIT
import { AGENT_FAILURE, AGENT_MESSAGE, type AgentAnswer } from './agent-messages.ts';
import { readSshPrivateKey, type SshPrivateKey } from './private-key.ts';
import { createSshReader, sshString, sshUint32 } from './ssh-data.ts';

/**
 * An agent that holds these keys (contents of private key files) in memory and nowhere else.
 *
 * @throws HostError `SSH_KEY_INVALID`
 */
export function createKeyAgent(files: readonly Uint8Array[]): AgentAnswer {
  const keys = files.map((content, index) => readSshPrivateKey(content, `number ${index + 1}`));
  return async (request) => {
    try {
      return answer(keys, request);
    } catch (error) {
      // A request that ends too early.
      if (error instanceof RangeError) return AGENT_FAILURE;
      throw error;
    }
  };
}

function answer(keys: readonly SshPrivateKey[], request: Buffer): Buffer {
  if (request[0] === AGENT_MESSAGE.requestIdentities) {
    return Buffer.concat([
      Buffer.of(AGENT_MESSAGE.identitiesAnswer),
      sshUint32(keys.length),
      ...keys.flatMap(({ publicKey, comment }) => [sshString(publicKey), sshString(comment)]),
    ]);
  }
  if (request[0] !== AGENT_MESSAGE.signRequest) return AGENT_FAILURE;
  const reader = createSshReader(request.subarray(1));
  const wanted = reader.bytes();
  const data = reader.bytes();
  const flags = reader.uint32();
  const key = keys.find(({ publicKey }) => publicKey.equals(wanted));
  if (key === undefined) return AGENT_FAILURE;
  return Buffer.concat([Buffer.of(AGENT_MESSAGE.signResponse), sshString(key.sign(data, flags))]);
}
