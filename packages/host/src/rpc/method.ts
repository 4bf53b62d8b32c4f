// SPDX-License-Identifier: MIT

/** What a method gets besides its parameters. */
export interface RpcContext<Event = never> {
  /** Aborts when the caller gives up or is gone. */
  readonly signal: AbortSignal;
  /** Tells the caller something before the result; events of one call keep their order. */
  notify(event: Event): void;
}

/** A method with one answer. Parameters, result and events are copied by the structured clone algorithm. */
export type RpcMethod<Params, Result, Event = never> = (
  params: Params,
  context: RpcContext<Event>,
) => Promise<Result>;

/** A method that answers with bytes, sent no faster than the caller reads them. Yielded chunks must not change later. */
export type RpcStreamMethod<Params> = (params: Params, context: RpcContext) => AsyncIterable<Uint8Array>;

/** Constraint of an interface or type of methods. */
export type RpcMethods<Methods> = {
  readonly [Name in keyof Methods]: (
    params: never,
    context: never,
  ) => Promise<unknown> | AsyncIterable<Uint8Array>;
};

/** Names of methods with one answer. */
export type CallName<Methods> = {
  [Name in keyof Methods]: Methods[Name] extends (params: never, context: never) => Promise<unknown>
    ? Name
    : never;
}[keyof Methods] &
  string;

/** Names of methods that answer with bytes. */
export type StreamName<Methods> = {
  [Name in keyof Methods]: Methods[Name] extends (params: never, context: never) => AsyncIterable<Uint8Array>
    ? Name
    : never;
}[keyof Methods] &
  string;

/** What a method takes. */
export type ParamsOf<Method> = Method extends (params: infer Params, context: never) => unknown
  ? Params
  : never;

/** What a method answers. */
export type ResultOf<Method> = Method extends (params: never, context: never) => Promise<infer Result>
  ? Result
  : never;

/** What a method tells before it answers. */
export type EventOf<Method> = Method extends (params: never, context: RpcContext<infer Event>) => unknown
  ? Event
  : never;

/** Bytes of a stream that may be on the way before the reader asks for more. */
export const STREAM_WINDOW: number = 1024 * 1024;

/** Bytes of the largest frame of a stream, so that other calls get their turn. */
export const STREAM_CHUNK: number = 256 * 1024;
