import { parseWebhookToken } from '@agent-platform/auth';
import { SecurityAlertKind, type LeakedToken, type RevokeLeakedTokensRequest } from '@agent-platform/proto';
import type { Context } from '../context.ts';
import { announce } from './announce.ts';
import { raiseAlert } from './raise-alert.ts';
import { possibleHashes } from './token-hash.ts';

const MAX_URL_LENGTH = 2_000;

/**
 * Over all tenants, because who holds a token need not know whose it is; found by its hash like a token that is used.
 * What was revoked before, or reported before, keeps its time and its place.
 *
 * Locks: the tokens, in the order of their ids, so that two reports never wait for each other in a circle.
 */
const REVOKE = `
  with reported as (
    select hash, min(url) as url from unnest($1::bytea[], $2::text[]) as r(hash, url) group by hash
  ), found as materialized (
    select t.id, r.url, t.leaked_at_url is null as is_new
      from webhook_tokens t join reported r on r.hash = t.hash order by t.id for no key update of t
  )
  update webhook_tokens t
     set revoked_at = coalesce(t.revoked_at, $3), leaked_at_url = coalesce(t.leaked_at_url, found.url)
    from found where t.id = found.id
  returning t.id, t.org_id, t.source_id, t.hash, found.url, found.is_new`;

interface FoundRow {
  readonly id: string;
  readonly org_id: string;
  readonly source_id: string;
  readonly hash: Buffer;
  readonly url: string;
  readonly is_new: boolean;
}

/** Revokes what is ours, and alerts once for each. @returns for each of the request whether it is ours, live or not. */
export async function revokeLeakedTokens(
  context: Context,
  { reporter, tokens }: RevokeLeakedTokensRequest,
): Promise<boolean[]> {
  const hashes = tokens.map(({ token }) =>
    parseWebhookToken(token) === undefined ? [] : possibleHashes(token, context.peppers),
  );
  const { rows } = await context.pool.query<FoundRow>(REVOKE, [
    hashes.flat(),
    hashes.flatMap((own, i) => own.map(() => urlOf(tokens[i]!))),
    new Date(context.clock()),
  ]);
  for (const { id: tokenId, org_id: orgId, source_id: sourceId, url, is_new: isNew } of rows) {
    announce(context, { orgId, sourceId, revokedTokenId: tokenId });
    if (isNew) raiseAlert(context, { kind: SecurityAlertKind.TOKEN_LEAKED, orgId, sourceId, tokenId, url });
  }
  const known = new Set(rows.map(({ hash }) => hash.toString('hex')));
  context.logger.info({ reporter, reported: tokens.length, known: rows.length }, 'leaked tokens were reported');
  return hashes.map((own) => own.some((hash) => known.has(Buffer.from(hash).toString('hex'))));
}

/** PostgreSQL takes no NUL in a text. */
function urlOf({ url }: LeakedToken): string {
  return url.replaceAll('\0', '').slice(0, MAX_URL_LENGTH);
}
