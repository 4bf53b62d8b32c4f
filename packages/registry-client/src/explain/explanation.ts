// SPDX-License-Identifier: MIT
import type { CredentialExplanation } from '../credentials/credentials.ts';
import type { HostCapability } from '../hosts/host-candidate.ts';

/** Which hosts a client would ask for a repository, and how; without any secret. */
export interface HostExplanation {
  /** As in references. */
  readonly domain: string;
  readonly path: string;
  /** The file that forbids the repository. */
  readonly blockedBy?: string | undefined;
  /** The file that decided about the hosts; `undefined` when none says anything. */
  readonly decidedBy?: string | undefined;
  /** In the order they are asked for what they are `for`; the last one is the registry. */
  readonly reads: readonly HostStep[];
  /** Where pushes go. */
  readonly writes: HostStep;
  /** Files and folders that could have decided. */
  readonly considered: readonly ConsideredFile[];
  readonly notes: readonly string[];
}

/** One host. */
export interface HostStep {
  /** Address of the repository. */
  readonly url: string;
  /** `either` is https, or http when the host does not speak TLS. */
  readonly scheme: 'http' | 'https' | 'either';
  /** Why that scheme: a file, `options`, `default`. */
  readonly schemeFrom: string;
  readonly mirror: boolean;
  readonly for: readonly HostCapability[];
  /** Mirrors that serve only references by digest, or only by tag. */
  readonly only?: 'digest' | 'tag' | undefined;
  /** Whether its certificate must be good. */
  readonly verifies: boolean;
  readonly verifiesFrom: string;
  /** Files with CAs trusted besides the system's. */
  readonly ca?: FileChoice | undefined;
  /** Certificate and key that identify the client. */
  readonly client?: FileChoice | undefined;
  /** Files that name CAs or client certificates for this host and lost. */
  readonly passed: readonly {
    readonly from: string;
    readonly what: 'ca' | 'client';
    readonly lostTo: string;
  }[];
  /** Names of headers sent to this host alone. */
  readonly headers: readonly string[];
  readonly proxy: ProxyExplanation;
  readonly credentials?: CredentialExplanation | undefined;
}

/** Files and where they are named. */
export interface FileChoice {
  readonly files: readonly string[];
  readonly from: string;
}

/** The way to a host. */
export interface ProxyExplanation {
  /** Without credentials; `undefined` for a direct connection. */
  readonly address?: string | undefined;
  /** The variable that decided. */
  readonly variable?: string | undefined;
  readonly reason?: 'loopback' | 'exempt' | undefined;
}

/** A file or folder that could have decided. */
export interface ConsideredFile {
  readonly place: string;
  readonly outcome: 'used' | 'missing' | 'nothing for this host' | 'outweighed';
  /** What it lost to. */
  readonly lostTo?: string | undefined;
}
