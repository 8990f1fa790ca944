import type { ServiceImpl } from '@connectrpc/connect';
import { CredentialService, WebhookTokenService } from '@agent-platform/proto';
import { mapDatabaseFaults } from '@agent-platform/database';
import type { Routes } from '@agent-platform/rpc';
import type { Context } from './context.ts';
import { putCredential } from './credentials/put-credential.ts';
import { resolveCredential } from './credentials/resolve-credential.ts';
import { settleCredential } from './credentials/settle-credential.ts';
import { putSignature } from './signatures/put-signature.ts';
import { resolveSignedSource } from './signatures/resolve-signed-source.ts';
import { deleteSource } from './tokens/delete-source.ts';
import { issueToken } from './tokens/issue-token.ts';
import { listTokens } from './tokens/list-tokens.ts';
import { putSource } from './tokens/put-source.ts';
import { recordTokenUse } from './tokens/record-token-use.ts';
import { revokeLeakedTokens } from './tokens/revoke-leaked-tokens.ts';
import { revokeToken } from './tokens/revoke-token.ts';
import { verifyToken } from './tokens/verify-token.ts';

export function createRoutes(context: Context): Routes {
  return (router) => {
    const tokens = {
      async putSource(request) {
        await putSource(context, request);
        return {};
      },
      async deleteSource(request) {
        await deleteSource(context, request);
        return {};
      },
      issueToken: async (request) => ({ webhookToken: await issueToken(context, request) }),
      revokeToken: async (request) => ({ webhookToken: await revokeToken(context, request) }),
      listTokens: (request) => listTokens(context, request),
      verifyToken: (request) => verifyToken(context, request),
      async recordTokenUse(request) {
        await recordTokenUse(context, request);
        return {};
      },
      revokeLeakedTokens: async (request) => ({ known: await revokeLeakedTokens(context, request) }),
      async putSignature(request) {
        await putSignature(context, request);
        return {};
      },
      resolveSignedSource: (request) => resolveSignedSource(context, request),
    } satisfies ServiceImpl<typeof WebhookTokenService>;

    const credentials = {
      async putCredential(request) {
        await putCredential(context, request);
        return {};
      },
      async settleCredential(request) {
        await settleCredential(context, request);
        return {};
      },
      async deleteCredential({ orgId, skillId }) {
        await context.database.tenant(orgId).sealedSecret.deleteMany({ where: { ownerId: skillId } });
        return {};
      },
      resolveCredential: (request) => resolveCredential(context, request),
    } satisfies ServiceImpl<typeof CredentialService>;

    router.service(WebhookTokenService, mapDatabaseFaults(tokens));
    router.service(CredentialService, mapDatabaseFaults(credentials));
  };
}
