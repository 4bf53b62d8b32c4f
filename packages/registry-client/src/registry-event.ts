// SPDX-License-Identifier: MIT
import type { Digest } from '@img-build/oci';

/** What happens on the wire; addresses come without credentials and query values. */
export type RegistryEvent =
  | {
      readonly type: 'request-completed';
      readonly method: string;
      readonly url: string;
      readonly status: number;
      readonly milliseconds: number;
    }
  | {
      readonly type: 'request-retried';
      readonly method: string;
      readonly url: string;
      readonly attempt: number;
      readonly milliseconds: number;
      readonly reason: string;
    }
  | {
      readonly type: 'blob-resumed';
      readonly digest: Digest;
      readonly offset: number;
      readonly reason: string;
    }
  | { readonly type: 'upload-resumed'; readonly digest: Digest; readonly offset: number }
  | {
      readonly type: 'digest-header-ignored';
      readonly host: string;
      readonly expected: Digest;
      readonly claimed: string;
    }
  | {
      readonly type: 'mirror-failed';
      readonly mirror: string;
      /** The registry it was asked for. */
      readonly host: string;
      readonly what: string;
      readonly reason: string;
    }
  | { readonly type: 'warning-received'; readonly host: string; readonly text: string };

/** Takes events; must not block and must not throw. */
export type Report = (event: RegistryEvent) => void;
