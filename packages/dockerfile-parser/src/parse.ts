// SPDX-License-Identifier: MIT
import type { Dockerfile } from './ast.ts';

export declare function parse(text: string): Dockerfile;
