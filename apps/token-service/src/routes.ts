import type { ServiceImpl } from '@connectrpc/connect';
import { CredentialService, WebhookTokenService } from '@agent-platform/proto';
import { databaseErrorToAppError, isDatabaseUnavailable } from '@agent-platform/database';
import type { Routes } from '@agent-platform/rpc';
import { mapErrors } from '@agent-platform/service';
import type { Context } from './context.ts';
import { putCredential } from './credentials/put-credential.ts';
import { resolveCredential } from './credentials/resolve-credential.ts';
import { issueToken } from './tokens/issue-token.ts';
import { listTokens } from './tokens/list-tokens.ts';
import { putSource } from './tokens/put-source.ts';
import { revokeToken } from './tokens/revoke-token.ts';
import { verifyToken } from './tokens/verify-token.ts';

export function createRoutes(context: Context): Routes {
  return (router) => {
    const tokens = {
      async putSource(request) {
        await putSource(context, request);
        return {};
      },
      async deleteSource({ orgId, sourceId }) {
        await context.database.tenant(orgId).source.deleteMany({ where: { id: sourceId } });
        return {};
      },
      issueToken: async (request) => ({ webhookToken: await issueToken(context, request) }),
      revokeToken: async (request) => ({ webhookToken: await revokeToken(context, request) }),
      listTokens: async (request) => ({ tokens: await listTokens(context, request) }),
      verifyToken: (request) => verifyToken(context, request),
    } satisfies ServiceImpl<typeof WebhookTokenService>;

    const credentials = {
      async putCredential(request) {
        await putCredential(context, request);
        return {};
      },
      resolveCredential: async (request) => ({ headers: await resolveCredential(context, request) }),
    } satisfies ServiceImpl<typeof CredentialService>;

    router.service(WebhookTokenService, mapErrors(tokens, databaseFault));
    router.service(CredentialService, mapErrors(credentials, databaseFault));
  };
}

/** A database that is away is a fault that passes; anything else is a bug and stays what it is. */
function databaseFault(error: unknown): unknown {
  return isDatabaseUnavailable(error) ? databaseErrorToAppError(error) : error;
}
