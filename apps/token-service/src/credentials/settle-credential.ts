import type { SettleCredentialRequest } from '@agent-platform/proto';
import type { Context } from '../context.ts';
import { findSecrets, openAll } from './open-secrets.ts';
import { putSecret } from './put-secret.ts';
import { settleSecrets } from './settle-secrets.ts';
import { isUnreadable } from './unreadable.ts';

export async function settleCredential(context: Context, request: SettleCredentialRequest): Promise<void> {
  if (request.version === 0) await bind(context, request);
  await settleSecrets(context, { orgId: request.orgId, ownerId: request.skillId }, request);
}

/** Seals anew, for their skill's server, secrets from before there were origins. What cannot be read is sent nowhere. */
async function bind(context: Context, { orgId, skillId, origin }: SettleCredentialRequest): Promise<void> {
  const owner = { orgId, ownerId: skillId };
  for (const secret of await findSecrets(context, owner)) {
    if (secret.origin !== null || secret.secretVersion !== 0) continue;
    try {
      const plain = (await openAll(context, owner, [secret]))[secret.field];
      await putSecret(context, { ...owner, field: secret.field, version: 0, origin }, plain);
    } catch (err) {
      if (!isUnreadable(err)) throw err;
      context.logger.warn(
        { err, ...owner, field: secret.field },
        'a credential cannot be bound to its server; set it again',
      );
    }
  }
}
