// SPDX-License-Identifier: MIT
import { describeInsideNamespaces } from '@img-build/testkit';

describeInsideNamespaces(import.meta.url, './inside/copy-corners.ts');
