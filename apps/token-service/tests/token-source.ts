import { durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Deduplication, WebhookTokenService, type WebhookToken } from '@agent-platform/proto';
import { newId } from '@agent-platform/ids';
import type { createFixture } from './fixture.ts';

type Service = Awaited<ReturnType<Awaited<ReturnType<typeof createFixture>>['start']>>;

/** What tests do with tokens, as management-api and as ingest. */
export function tokenCalls(service: Service) {
  const management = service.as('management-api', WebhookTokenService);
  const ingest = service.as('ingest', WebhookTokenService);
  return {
    management,
    ingest,
    async newSource(orgId = 'org_a') {
      const source = { orgId, sourceId: newId('src') };
      await management.putSource({ ...source, deduplication: Deduplication.KEY, rateLimitPerSecond: 7 });
      return source;
    },
    async issue(
      source: { orgId: string; sourceId: string },
      o: { overlapMs?: number; expiresAtMs?: number } = {},
    ): Promise<WebhookToken & { token: string }> {
      const { webhookToken } = await management.issueToken({
        ...source,
        ...(o.overlapMs !== undefined && { overlap: durationFromMs(o.overlapMs) }),
        ...(o.expiresAtMs !== undefined && { expiresAt: timestampFromMs(o.expiresAtMs) }),
      });
      return { ...webhookToken!, token: webhookToken!.token! };
    },
    /** The code of the refusal, or undefined. */
    refusal: (token: string) =>
      ingest.verifyToken({ token }).then(
        () => undefined,
        (error: { code: string }) => error.code,
      ),
    /** By id. */
    async list(source: { orgId: string; sourceId: string }): Promise<Map<string, WebhookToken>> {
      const { tokens } = await management.listTokens(source);
      return new Map(tokens.map((token) => [token.id, token]));
    },
  };
}
