import { create } from '@bufbuild/protobuf';
import { generateWebhookToken } from '@agent-platform/auth';
import { VerifyTokenResponseSchema } from '@agent-platform/proto';
import { AppError, createLogger } from '@agent-platform/service';
import { createSourceChanges } from '../src/sources/source-changes.ts';
import { createTokenVerifier } from '../src/tokens/token-verifier.ts';

const VALID_TOKENS = 1_000;
/** What HTTP lets through in a header. */
const PRINTABLE = Array.from({ length: 94 }, (_, i) => String.fromCharCode(0x21 + i));
const BASE62 = PRINTABLE.filter((character) => /[0-9A-Za-z]/.test(character));

export interface MutationResults {
  readonly tried: number;
  readonly refused: number;
  /** How often the token service was asked. */
  readonly lookUps: number;
}

/**
 * Sends valid tokens with one character changed through ingest's verifier. All of them are known to it, so that a mutation
 * that slipped through would be accepted. Every other one stays within the alphabet: those only the checksum finds.
 *
 * @param seed - the same one tries the same mutations of other tokens.
 */
export async function tryMutations(count: number, seed: number): Promise<MutationResults> {
  const tokens = Array.from({ length: VALID_TOKENS }, () => generateWebhookToken());
  const live = new Set(tokens);
  let lookUps = 0;
  const verify = createTokenVerifier({
    tokens: {
      async verifyToken({ token = '' }) {
        lookUps++;
        if (!live.has(token)) throw new AppError('not_found', 'webhook_token_not_found', 'There is no such token.');
        return create(VerifyTokenResponseSchema, { orgId: 'org_a', sourceId: 'src_a', tokenId: 'tok_a' });
      },
    },
    uses: { note: () => {} },
    changes: createSourceChanges(),
    lookUpTimeoutMs: 1_500,
    logger: createLogger({ level: 'silent', service: 'ingest' }),
    clock: () => 0,
  });
  for (const token of tokens) await verify(token);
  lookUps = 0;

  const random = mulberry32(seed);
  const below = (bound: number) => Math.floor(random() * bound);
  let refused = 0;
  for (let i = 0; i < count; i++) {
    const token = tokens[below(tokens.length)]!;
    const at = below(token.length);
    const others = (i % 2 ? BASE62 : PRINTABLE).filter((character) => character !== token[at]);
    const mutated = token.slice(0, at) + others[below(others.length)]! + token.slice(at + 1);
    try {
      await verify(mutated);
    } catch (error) {
      if (error instanceof AppError && error.code === 'token_refused') refused++;
    }
  }
  return { tried: count, refused, lookUps };
}

/** https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
