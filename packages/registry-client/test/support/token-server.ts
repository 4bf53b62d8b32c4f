// SPDX-License-Identifier: MIT
import { type Exchange, type Fault, failure, type ScriptedRegistry } from '../../src/testing/index.ts';

/** How a token server decides. */
export interface TokenServerOptions {
  /** Passwords by user name; without, everybody gets a token. */
  readonly users?: Readonly<Record<string, string>> | undefined;
  /** Refresh tokens that are accepted, and given out when asked for. */
  readonly refreshToken?: string | undefined;
  /** Seconds tokens say they live. */
  readonly lifetime?: number | undefined;
}

/** A request for a token. */
export interface TokenRequest {
  readonly method: string;
  readonly scopes: readonly string[];
  readonly service: string | null;
}

/** The guarding of a registry by tokens. */
export interface TokenServer {
  readonly asked: readonly TokenRequest[];
  /** Makes every token given so far worthless. */
  revoke(): void;
}

/** Lets a scripted registry demand tokens that its own `/token` gives; each is good for the scopes it was asked with. */
export function guardWithTokens(registry: ScriptedRegistry, options: TokenServerOptions = {}): TokenServer {
  const asked: TokenRequest[] = [];
  const tokens = new Map<string, readonly string[]>();
  let count = 0;

  const issue: Fault = async ({ request, response, url, read }) => {
    const form = new URLSearchParams((await read()).toString());
    const method = request.method ?? '';
    const posted = method === 'POST';
    const scopes = posted
      ? (form.get('scope') ?? '').split(' ').filter(Boolean)
      : url.searchParams.getAll('scope');
    asked.push({ method, scopes, service: posted ? form.get('service') : url.searchParams.get('service') });
    if (!admitted(request.headers.authorization, form, options)) {
      const { status, body } = failure(401, 'UNAUTHORIZED');
      response.writeHead(status).end(body);
      return;
    }
    const token = `token-${++count}`;
    tokens.set(token, scopes);
    const offline = url.searchParams.get('offline_token') === 'true' && options.refreshToken !== undefined;
    response.writeHead(200, { 'content-type': 'application/json' }).end(
      JSON.stringify({
        token,
        expires_in: options.lifetime ?? 300,
        ...(offline ? { refresh_token: options.refreshToken } : {}),
      }),
    );
  };

  const guard = async ({ request, response, url, proceed }: Exchange): Promise<void> => {
    const scope = scopeOf(request.method ?? '', url);
    const granted = tokens.get((request.headers.authorization ?? '').replace(/^Bearer /, ''));
    if (granted !== undefined && (scope === undefined || granted.some((one) => covers(one, scope))))
      return await proceed();
    const wanted = scope === undefined ? '' : `,scope="${scope}"`;
    response
      .writeHead(401, {
        'www-authenticate': `Bearer realm="${registry.origin}/token",service="test"${wanted}`,
      })
      .end();
  };

  registry.always(/^(?:GET|POST) \/token/, issue);
  registry.always(/ \/v2\//, guard);
  return { asked, revoke: () => tokens.clear() };
}

function admitted(
  authorization: string | undefined,
  form: URLSearchParams,
  { users, refreshToken }: TokenServerOptions,
): boolean {
  if (users === undefined) return true;
  if (form.get('grant_type') === 'refresh_token') return form.get('refresh_token') === refreshToken;
  if (form.get('grant_type') === 'password')
    return users[form.get('username') ?? ''] === form.get('password');
  const pair = Buffer.from((authorization ?? '').replace(/^Basic /, ''), 'base64').toString();
  const colon = pair.indexOf(':');
  return colon > 0 && users[pair.slice(0, colon)] === pair.slice(colon + 1);
}

function scopeOf(method: string, url: URL): string | undefined {
  const path = /^\/v2\/(.+)\/(?:blobs|manifests|tags|referrers)\//.exec(url.pathname)?.[1];
  if (path === undefined) return undefined;
  if (method === 'DELETE') return `repository:${path}:delete`;
  return `repository:${path}:${method === 'GET' || method === 'HEAD' ? 'pull' : 'pull,push'}`;
}

function covers(granted: string, wanted: string): boolean {
  const [name, actions = ''] = splitScope(granted);
  const [wantedName, wantedActions = ''] = splitScope(wanted);
  return (
    name === wantedName && wantedActions.split(',').every((action) => actions.split(',').includes(action))
  );
}

function splitScope(scope: string): readonly string[] {
  const colon = scope.lastIndexOf(':');
  return [scope.slice(0, colon), scope.slice(colon + 1)];
}
