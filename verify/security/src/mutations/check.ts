import { create } from '@bufbuild/protobuf';
import { generateWebhookToken } from '@agent-platform/auth';
import { VerifyTokenResponseSchema } from '@agent-platform/proto';
import { AppError } from '@agent-platform/errors';
import { createLogger } from '@agent-platform/telemetry';
import { createSourceChanges } from '@agent-platform/ingest/source-changes';
import { createTokenVerifier } from '@agent-platform/ingest/token-verifier';
import type { Random } from '@agent-platform/harness';
import { createFindings, type Check, type Findings } from '../check.ts';
import { mutate, MUTATIONS } from './mutate.ts';

export const mutations: Check = {
  name: 'mutations',
  title: 'tokens with one wrong character are refused, and nobody is asked',
  run: ({ random }) => measureMutations({ random, tokens: 10_000, mutations: 1_000_000 }),
};

/** Ingest's own verifier knows `tokens` valid tokens when the mutations of them come in, in turn. */
export async function measureMutations(o: { random: Random; tokens: number; mutations: number }): Promise<Findings> {
  const findings = createFindings();
  let lookUps = 0;
  const verify = createTokenVerifier({
    tokens: {
      async verifyToken() {
        lookUps++;
        return create(VerifyTokenResponseSchema, { orgId: 'org_a', sourceId: 'src_a' });
      },
    },
    uses: { note: () => {} },
    changes: createSourceChanges(),
    lookUpTimeoutMs: 1_000,
    logger: createLogger({ level: 'silent', service: 'security' }),
    clock: Date.now,
  });
  const valid = Array.from({ length: o.tokens }, generateWebhookToken);
  for (const token of valid) await verify(token);
  findings.require(
    lookUps === o.tokens,
    'look-ups for valid tokens',
    lookUps,
    `${o.tokens.toLocaleString('en-US')}: the counter counts`,
  );

  lookUps = 0;
  const accepted: string[] = [];
  let verifyingMs = 0;
  for (let n = 0; n < o.mutations; n++) {
    const kind = MUTATIONS[n % MUTATIONS.length]!;
    const mutated = mutate(valid[n % valid.length]!, kind, o.random);
    const startedMs = performance.now();
    const refused = isRefused(() => verify(mutated));
    verifyingMs += performance.now() - startedMs;
    if (!refused) accepted.push(kind);
  }
  findings.row(
    'mutations',
    `${o.mutations.toLocaleString('en-US')} of ${o.tokens.toLocaleString('en-US')} tokens: ${MUTATIONS.join(', ')}`,
  );
  findings.require(accepted.length === 0, 'not refused', accepted.length, '0');
  findings.require(lookUps === 0, 'look-ups for them', lookUps, '0');
  findings.row('refused per second', Math.round(o.mutations / (verifyingMs / 1_000)));
  return findings;
}

/** At once and for the right reason; a promise means that somebody is asked. */
function isRefused(verify: () => unknown): boolean {
  try {
    verify();
    return false;
  } catch (error) {
    return error instanceof AppError && error.code === 'token_refused';
  }
}
