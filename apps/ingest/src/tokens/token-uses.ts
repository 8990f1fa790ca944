import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { Client } from '@connectrpc/connect';
import type { WebhookTokenService } from '@agent-platform/proto';
import { createFaultLog, type Logger } from '@agent-platform/telemetry';
import type { WebhookSource } from './webhook-source.ts';

const INTERVAL_MS = 60_000;
const TIMEOUT_MS = 2_000;
/** What one report may hold. */
const MAX_USES = 1_000;

/** Gathers when tokens were last used. Disposing reports what there is. */
export interface TokenUses extends AsyncDisposable {
  note(source: Pick<WebhookSource, 'orgId' | 'tokenId'>, usedAtMs: number): void;
  /** Reports what there is; what cannot be reported is kept for the next time. */
  report(): Promise<void>;
}

export interface TokenUsesDeps {
  readonly tokens: Pick<Client<typeof WebhookTokenService>, 'recordTokenUse'>;
  readonly logger: Logger;
  readonly clock: () => number;
}

interface Use {
  readonly orgId: string;
  readonly tokenId: string;
  usedAtMs: number;
}

/** Reports once a minute, apart from any request. There are never more than live tokens that were seen since. */
export function createTokenUses({ tokens, logger, clock }: TokenUsesDeps): TokenUses {
  let uses = new Map<string, Use>();
  let reporting: Promise<void> | undefined;
  const logFault = createFaultLog(logger, clock, 'the last use of tokens could not be written down; it is kept');

  async function send(): Promise<void> {
    const left = [...uses.values()];
    uses = new Map();
    try {
      while (left.length > 0) {
        const batch = left
          .slice(0, MAX_USES)
          .map(({ usedAtMs, ...use }) => ({ ...use, usedAt: timestampFromMs(usedAtMs) }));
        await tokens.recordTokenUse({ uses: batch }, { timeoutMs: TIMEOUT_MS });
        left.splice(0, MAX_USES);
      }
    } catch (error) {
      logFault(error);
      // Later uses are there already.
      for (const use of left) if (!uses.has(use.tokenId)) uses.set(use.tokenId, use);
    }
  }

  const report = () => (reporting ??= send().finally(() => (reporting = undefined)));
  const timer = setInterval(() => void report(), INTERVAL_MS);

  return {
    note({ orgId, tokenId }, usedAtMs) {
      const use = uses.get(tokenId);
      if (use === undefined) uses.set(tokenId, { orgId, tokenId, usedAtMs });
      else use.usedAtMs = usedAtMs;
    },
    report,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await reporting;
      await report();
    },
  };
}
