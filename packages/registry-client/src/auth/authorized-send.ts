// SPDX-License-Identifier: MIT
import type { HttpRequest, HttpResponse } from '../http/message.ts';
import { harmlessHeaders } from '../http/redirect.ts';
import type { AccessRequest, Authorizer } from './authorizer.ts';

/** A stale token, a fresh one, and one for the scopes that turned out to be missing. */
const MAX_ANSWERS = 2;

/**
 * Sends a request with the header its registry wants, answering a 401 at most twice. A refused request has no body left
 * to read; bodies are sent again from their beginning.
 */
export async function sendAuthorized(
  authorizer: Authorizer,
  access: AccessRequest,
  request: HttpRequest,
  send: (request: HttpRequest) => Promise<HttpResponse>,
): Promise<HttpResponse> {
  const { signal } = request;
  let { scopes } = access;
  let header = await authorizer.header(access, signal);
  for (let answers = 0; ; answers++) {
    const response = await send(
      header === undefined ? request : { ...request, headers: { ...request.headers, authorization: header } },
    );
    if (response.status !== 401) return response;
    // Another host does not get to ask for what is meant for the registry.
    if (response.url.origin !== request.url.origin)
      return await sendToStranger(authorizer, request, response, send);
    if (answers >= MAX_ANSWERS) return response;
    response.discard();
    const answer = await authorizer.answer(
      { ...access, scopes },
      { response, sent: header, fresh: answers > 0 },
      signal,
    );
    ({ header, scopes } = answer);
  }
}

/** A host a redirect led to wants a token: it is shown one that anybody gets, or its refusal stands. */
async function sendToStranger(
  authorizer: Authorizer,
  request: HttpRequest,
  refusal: HttpResponse,
  send: (request: HttpRequest) => Promise<HttpResponse>,
): Promise<HttpResponse> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return refusal;
  const authorization = await authorizer.strangerToken(refusal, request.signal);
  if (authorization === undefined) return refusal;
  refusal.discard();
  const headers = { ...harmlessHeaders(request.headers), authorization };
  return await send({ ...request, url: refusal.url, tls: undefined, headers });
}
