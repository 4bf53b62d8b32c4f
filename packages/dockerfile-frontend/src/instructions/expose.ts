// SPDX-License-Identifier: MIT

import { isIP } from 'node:net';
import type { ExposeInstruction } from '@img-build/dockerfile-parser';
import { expandAndSplit } from '../expansion.ts';
import { addHistory, setOwn } from '../image.ts';
import { goList } from '../text/go-format.ts';
import { type InstructionContext, invalid } from './instruction-context.ts';

/** Documents ports; ranges are written out, and of `ip:host:container` only the container's port counts. */
export function lowerExpose(instruction: ExposeInstruction, { stage, lowering }: InstructionContext): void {
  const words = instruction.ports.flatMap((port) =>
    expandAndSplit(port.value, stage.environment, lowering.escape),
  );
  const ports = words.flatMap(parsePorts).sort();
  const { config } = stage.image;
  config.ExposedPorts ??= {};
  for (const port of ports) setOwn(config.ExposedPorts, port, {});
  addHistory(stage.image, `EXPOSE ${goList(ports)}`, { layer: false });
}

function parsePorts(written: string): string[] {
  const parts = written.split(':');
  const container = parts.pop() ?? '';
  const host = parts.pop() ?? '';
  checkAddress(parts.join(':'));
  const [port = '', protocolText = ''] = container.split('/', 2);
  if (port === '') throw invalid(`no port specified: ${container}<empty>`);
  const protocol = protocolText.toLowerCase() || 'tcp';
  if (!['tcp', 'udp', 'sctp'].includes(protocol)) throw invalid(`invalid proto: ${protocol}`);
  const [first, last] = parseRange(port) ?? fail(`invalid containerPort: ${port}`);
  if (host !== '') checkHostPorts(host, port, last - first);
  return Array.from({ length: last - first + 1 }, (_, offset) => `${first + offset}/${protocol}`);
}

function checkHostPorts(host: string, container: string, span: number): void {
  const [first, last] = parseRange(host) ?? fail(`invalid hostPort: ${host}`);
  if (last - first !== span && span !== 0)
    throw invalid(`invalid ranges specified for container and host Ports: ${container} and ${host}`);
}

function checkAddress(address: string): void {
  if (address !== '' && isIP(address.replace(/^\[(.*)\]$/, '$1')) === 0)
    throw invalid(`invalid IP address: ${address}`);
}

function parseRange(text: string): readonly [number, number] | undefined {
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  if (first === undefined || last === undefined) return undefined;
  const range = [Number(first), Number(last)] as const;
  return range[1] > 65535 || range[1] < range[0] ? undefined : range;
}

function fail(message: string): never {
  throw invalid(message);
}
