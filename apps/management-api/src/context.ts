import type { Client } from '@connectrpc/connect';
import type { AddressRules } from '@agent-platform/outbound';
import type { CredentialService, WebhookTokenService } from '@agent-platform/proto';
import type { Logger } from '@agent-platform/telemetry';
import type { Database } from './database.ts';
import type { Handovers } from './handovers/handovers.ts';

/** How many a tenant may have. */
export interface Limits {
  readonly agents: number;
  readonly skills: number;
  readonly triggers: number;
  readonly webhookSources: number;
}

/** What the RPCs work with. */
export interface Context {
  readonly database: Database;
  /** Changes of what token-service has to know too. */
  readonly handovers: Handovers;
  readonly tokens: Client<typeof WebhookTokenService>;
  readonly credentials: Client<typeof CredentialService>;
  /** Where the servers of skills may be. */
  readonly addressRules: AddressRules;
  readonly limits: Limits;
  /** Events per second of webhook sources that set no limit of their own. */
  readonly defaultRateLimitPerSecond: number;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}
