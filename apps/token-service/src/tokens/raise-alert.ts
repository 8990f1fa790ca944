import { create, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { SecurityAlertKind, SecurityAlertSchema, topics } from '@agent-platform/proto';
import type { Context } from '../context.ts';

const HEADERS = { 'content-type': 'application/protobuf' };

const KINDS = {
  [SecurityAlertKind.ENDED_TOKEN_USED]: {
    label: 'ended_token_used',
    text: 'a webhook token was used after a rotation or revocation had ended it',
  },
  [SecurityAlertKind.TOKEN_LEAKED]: {
    label: 'token_leaked',
    text: 'a webhook token was found in public, and is revoked',
  },
};

export interface Alert {
  readonly kind: keyof typeof KINDS;
  readonly orgId: string;
  readonly sourceId: string;
  readonly tokenId: string;
  /** Where a leaked token was found. */
  readonly url?: string;
}

/** Something a person should look at: a line in the log with ids only, a count, and a message on the bus. */
export function raiseAlert(
  { bus, background, clock, logger, alerts }: Pick<Context, 'bus' | 'background' | 'clock' | 'logger' | 'alerts'>,
  alert: Alert,
): void {
  const { kind, orgId, sourceId, tokenId } = alert;
  logger.warn({ org_id: orgId, webhook_source_id: sourceId, token_id: tokenId }, KINDS[kind].text);
  alerts.inc({ kind: KINDS[kind].label });
  const message = create(SecurityAlertSchema, { ...alert, occurredAt: timestampFromMs(clock()) });
  const value = toBinary(SecurityAlertSchema, message);
  background.run('security_alert', () => bus.publish(topics.securityAlerts, [{ key: orgId, value, headers: HEADERS }]));
}
