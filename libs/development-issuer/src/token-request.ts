import { createHash, timingSafeEqual } from 'node:crypto';

/** A machine the development issuer knows. */
export interface IssuerClient {
  readonly clientId: string;
  readonly clientSecret: string;
  /** The tenant its tokens are for. */
  readonly orgId: string;
  readonly permissions: readonly string[];
}

/** An answer of the token endpoint that is not a token, spelled as Auth0 spells it. */
export class TokenRefusal extends Error {
  readonly status: number;
  readonly error: string;

  constructor(status: number, error: string, description: string) {
    super(description);
    this.status = status;
    this.error = error;
  }
}

export interface Grant {
  readonly client: IssuerClient;
  readonly permissions: readonly string[];
}

/**
 * Decides a `client_credentials` request as Auth0 does. Fields it does not know are ignored; `scope` narrows what is
 * granted and can add nothing (https://www.rfc-editor.org/rfc/rfc6749#section-3.3).
 *
 * @param body - parsed JSON or form; anything at all.
 * @throws TokenRefusal
 */
export function grant(body: unknown, o: { audience: string; clients: readonly IssuerClient[] }): Grant {
  const request = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const grantType = required(request, 'grant_type');
  if (grantType !== 'client_credentials') {
    throw new TokenRefusal(403, 'unsupported_grant_type', `Unsupported grant type: ${grantType}`);
  }
  const client = clientOf(required(request, 'client_id'), request.client_secret, o.clients);
  if (!client) throw new TokenRefusal(401, 'access_denied', 'Unauthorized');
  const { audience, organization, scope } = request;
  if (audience !== o.audience) {
    throw new TokenRefusal(
      403,
      'access_denied',
      typeof audience === 'string' && audience
        ? `Service not found: ${audience}`
        : `No audience parameter was provided, and no default audience has been configured. Ask for ${o.audience}`,
    );
  }
  if (organization !== undefined && organization !== client.orgId) {
    throw new TokenRefusal(403, 'access_denied', 'Client is not authorized to access the organization');
  }
  if (typeof scope !== 'string' || scope.trim() === '') return { client, permissions: client.permissions };
  const asked = new Set(scope.split(' '));
  return { client, permissions: client.permissions.filter((permission) => asked.has(permission)) };
}

function required(request: Record<string, unknown>, name: string): string {
  const value = request[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new TokenRefusal(400, 'invalid_request', `Missing required parameter: ${name}`);
}

/** Takes the same time for a wrong id as for a wrong secret, however many characters are right. */
function clientOf(id: string, secret: unknown, clients: readonly IssuerClient[]): IssuerClient | undefined {
  const known = clients.find(({ clientId }) => clientId === id);
  const right = timingSafeEqual(digest(typeof secret === 'string' ? secret : ''), digest(known?.clientSecret ?? ''));
  return right && secret !== '' ? known : undefined;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
