import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { readClientKey } from '@agent-platform/auth';
import type { AddressRules } from '@agent-platform/outbound';
import {
  OAuthClientCredentialsSchema,
  type OAuthClientCredentials,
  type OAuthClientSchema,
} from '@agent-platform/proto';
import { AppError } from '@agent-platform/errors';
import { checkPlaceholder } from '../crud/placeholder.ts';
import type { Problems } from '../crud/problems.ts';
import type { Skill as SkillRow } from '../generated/prisma/client.ts';
import { checkAddress } from './check-address.ts';

/** What is stored here of a client. Its secret or key is with token-service only. */
type OAuthColumns = Pick<SkillRow, 'mcpOauthIssuer' | 'mcpOauthClientId' | 'mcpOauthScopes'>;

const FIELD = 'skill.mcp_oauth';

/** What is wrong with a client that is to be written. No secret is quoted. */
export function checkOAuth(client: OAuthClientCredentials, rules: AddressRules): Problems {
  return [...checkIssuer(client.issuer, rules), ...checkSecret(client)];
}

/** Two say what `Authorization` is; which of them wins should not have to be looked up. */
export function checkAlone(headerNames: readonly string[]): Problems {
  const name = headerNames.find((header) => header.toLowerCase() === 'authorization');
  if (name === undefined) return [];
  return [
    { field: FIELD, description: `sends access tokens as ${name}; take that out of mcp_headers, or mcp_oauth out` },
  ];
}

function checkIssuer(issuer: string, rules: AddressRules): Problems {
  const field = `${FIELD}.issuer`;
  const problems = checkAddress(field, issuer, { rules, name: 'the authorization server', needsTls: true });
  // https://www.rfc-editor.org/rfc/rfc8414#section-2
  if (/[?#]/.test(issuer)) problems.push({ field, description: 'must have no query and no fragment' });
  return problems;
}

function checkSecret({ clientSecret, privateKey }: OAuthClientCredentials): Problems {
  if ((clientSecret === '') === (privateKey === '')) {
    const description = 'must have either client_secret or private_key; what is stored is not kept when it is written';
    return [{ field: FIELD, description }];
  }
  if (privateKey === '') return checkPlaceholder(`${FIELD}.client_secret`, clientSecret);
  const field = `${FIELD}.private_key`;
  const problems = checkPlaceholder(field, privateKey);
  if (problems.length > 0) return problems;
  try {
    readClientKey(privateKey);
    return [];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return [{ field, description: error.message }];
  }
}

export function oauthColumns(client: OAuthClientCredentials | undefined): OAuthColumns {
  if (client === undefined) return { mcpOauthIssuer: null, mcpOauthClientId: null, mcpOauthScopes: [] };
  return { mcpOauthIssuer: client.issuer, mcpOauthClientId: client.clientId, mcpOauthScopes: client.scopes };
}

export function oauthMessage(row: OAuthColumns): OAuthClientCredentials | undefined {
  if (row.mcpOauthIssuer === null || row.mcpOauthClientId === null) return undefined;
  return create(OAuthClientCredentialsSchema, {
    issuer: row.mcpOauthIssuer,
    clientId: row.mcpOauthClientId,
    scopes: row.mcpOauthScopes,
  });
}

/** As token-service keeps it. */
export function oauthClient(client: OAuthClientCredentials): MessageInitShape<typeof OAuthClientSchema> {
  const { issuer, clientId, clientSecret, privateKey, scopes } = client;
  const authentication =
    privateKey === ''
      ? ({ case: 'clientSecret', value: clientSecret } as const)
      : ({ case: 'privateKey', value: privateKey } as const);
  return { issuer, clientId, scopes, authentication };
}
