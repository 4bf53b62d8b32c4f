// SPDX-License-Identifier: MIT
import type { HostExplanation, HostStep } from '@img-build/registry-client';
import { printableOutput } from './printable.ts';

type Row = readonly [label: string, text: string];

/** Lines that tell which hosts serve a repository, in which order, how, and why the others do not. */
export function hostExplanationLines(explanation: HostExplanation): readonly string[] {
  const { domain, path, blockedBy, reads, writes, notes } = explanation;
  const lines = [
    `${domain}/${path}`,
    ...(blockedBy === undefined ? [] : ['', `BLOCKED by ${blockedBy}: nothing is pulled or pushed`]),
    '',
    'Reading asks, in this order:',
    ...reads.flatMap((step, at) => stepLines(step, `${at + 1}. `)),
    '',
    'Writing asks:',
    ...(sameHost(writes, reads.at(-1)) ? [`   ${writes.url}, as above`] : stepLines(writes, '   ')),
    '',
    ...decisionLines(explanation),
    ...notes.map((note) => `Note: ${note}`),
  ];
  return lines.map(printableOutput);
}

function stepLines(step: HostStep, mark: string): readonly string[] {
  const role = step.mirror ? 'mirror' : 'registry';
  const limits = step.only === undefined ? '' : `, references by ${step.only} only`;
  const rows: readonly Row[] = [
    ['connection', connectionOf(step)],
    ...(step.scheme === 'http' ? [] : certificateRows(step)),
    ...(step.headers.length === 0 ? [] : [['headers', step.headers.join(', ')] as const]),
    ['proxy', proxyOf(step)],
    ...credentialRows(step),
  ];
  return [
    `${mark}${step.url}`,
    `     ${role}, for ${step.for.join(', ')}${limits}`,
    ...rows.map(([label, text]) => `     ${label.padEnd(13)}${text}`),
  ];
}

function connectionOf({ scheme, schemeFrom }: HostStep): string {
  const what = {
    http: 'http, without encryption',
    https: 'https',
    either: 'https, or http if it speaks no TLS',
  }[scheme];
  if (schemeFrom !== 'default') return `${what} (${schemeFrom})`;
  return scheme === 'either' ? `${what} (a loopback address)` : what;
}

function certificateRows({ verifies, verifiesFrom, ca, client, passed }: HostStep): readonly Row[] {
  const authorities =
    ca === undefined ? "the system's CAs" : `the system's CAs and ${listOf(ca.files)} (${ca.from})`;
  return [
    ['certificate', verifies ? `checked against ${authorities}` : `NOT checked (${verifiesFrom})`],
    ['client', client === undefined ? 'no certificate' : `${listOf(client.files)} (${client.from})`],
    ...passed.map(
      ({ from, what, lostTo }): Row => [
        '',
        `${what === 'ca' ? 'CA' : 'client certificate'} of ${from} not used: ${lostTo} comes first`,
      ],
    ),
  ];
}

function proxyOf({ proxy: { address, variable, reason } }: HostStep): string {
  if (address !== undefined) return `${address} (${variable ?? ''})`;
  if (reason === 'loopback') return `none: ${variable ?? ''} does not count for loopback addresses`;
  return reason === 'exempt' ? `none: exempt by ${variable ?? ''}` : 'none';
}

function credentialRows({ credentials }: HostStep): readonly Row[] {
  if (credentials === undefined) return [];
  const { kind, place, helper, key, username, type } = credentials;
  const who = username === undefined ? '' : `, user ${username}`;
  const what = type === 'identity-token' ? 'identity token' : type === 'bearer' ? 'fixed token' : 'password';
  const first: Row =
    kind === 'none'
      ? ['credentials', 'none: asks without a login']
      : [
          'credentials',
          `${what}${who}, from ${helper ?? place ?? ''}${helper === undefined ? '' : `, named in ${place ?? ''}`}, key ${key ?? ''}`,
        ];
  const passed = credentials.passed.filter(({ why }) => why === 'outweighed');
  return [
    first,
    ...passed.map(({ place: other }): Row => ['', `${other} has some as well, but comes later`]),
  ];
}

function decisionLines({ decidedBy, considered }: HostExplanation): readonly string[] {
  const lost = considered.filter(
    ({ outcome }) => outcome === 'outweighed' || outcome === 'nothing for this host',
  );
  const missing = considered.filter(({ outcome }) => outcome === 'missing').length;
  return [
    decidedBy === undefined
      ? 'Decided by default: no file says anything about it.'
      : `Decided by ${decidedBy}.`,
    ...lost.map(({ place, outcome, lostTo }) =>
      outcome === 'outweighed'
        ? `   ${place}: not used, ${lostTo ?? 'another file'} comes first`
        : `   ${place}: nothing for this repository`,
    ),
    ...(missing === 0
      ? []
      : [`   ${missing} other places looked at are not there (--format json lists them)`]),
  ];
}

function sameHost(writes: HostStep, reads: HostStep | undefined): boolean {
  const same = ({ url, scheme, verifies, ca, client }: HostStep): string =>
    JSON.stringify([url, scheme, verifies, ca, client]);
  return reads !== undefined && same(writes) === same(reads);
}

function listOf(files: readonly string[]): string {
  return files.length === 0 ? 'what the options hold' : files.join(', ');
}
