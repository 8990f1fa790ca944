import type { Client } from '@connectrpc/connect';
import type { CredentialService, WebhookTokenService } from '@agent-platform/proto';
import type { Logger } from '@agent-platform/telemetry';
import type { Database } from '../database.ts';
import { webhookSources } from '../webhook-sources/webhook-source.ts';

/** A note that token-service may know something else of a skill or source than stands here. */
export interface Handover {
  /** Also the version of the secrets that were handed over. */
  readonly id: number;
  readonly orgId: string;
  readonly ownerId: string;
}

/** Has token-service follow what stands here. @returns false when it could not; never throws. */
export type Settle = (handover: Handover) => Promise<boolean>;

export interface SettleOptions {
  readonly database: Database;
  readonly tokens: Client<typeof WebhookTokenService>;
  readonly credentials: Client<typeof CredentialService>;
  readonly logger: Logger;
}

/**
 * Says what is, not what has changed, so that it can be said again, late and in any order: token-service removes only
 * versions that are older than the owner's, or the one of this handover if the owner does not have it.
 */
export function createSettle({ database, tokens, credentials, logger }: SettleOptions): Settle {
  async function settleSkill({ id, orgId, ownerId: skillId }: Handover): Promise<void> {
    const skill = await database.tenant(orgId).skill.findFirst({ where: { id: skillId } });
    if (skill === null) {
      await credentials.deleteCredential({ orgId, skillId });
      return;
    }
    const { credentialVersion: version, mcpServerUrl } = skill;
    const { origin } = new URL(mcpServerUrl);
    await credentials.settleCredential({ orgId, skillId, version, origin, abandonedVersion: version === id ? 0 : id });
  }

  async function settleSource({ id, orgId, ownerId: sourceId }: Handover): Promise<void> {
    const source = await database.tenant(orgId).webhookSource.findFirst({ where: { id: sourceId } });
    if (source === null) {
      await tokens.deleteSource({ orgId, sourceId });
      return;
    }
    const { deduplication, rateLimitPerSecond, defaultEventType } = webhookSources.toMessage(source);
    const { revision, signatureVersion } = source;
    const abandonedSignatureVersion = signatureVersion === id ? 0 : id;
    const versions = { revision, signatureVersion, abandonedSignatureVersion };
    const settings = { deduplication, rateLimitPerSecond, defaultEventType };
    await tokens.putSource({ orgId, sourceId, ...settings, ...versions });
  }

  return async (handover) => {
    try {
      await (handover.ownerId.startsWith('skl_') ? settleSkill(handover) : settleSource(handover));
      return true;
    } catch (err) {
      const { orgId, ownerId } = handover;
      logger.warn({ err, orgId, ownerId }, 'token-service does not know of a change yet; it is told again');
      return false;
    }
  };
}
