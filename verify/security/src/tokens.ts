import type { Agent } from 'node:http';
import type { Api } from '@agent-platform/client';
import { post, type Answer } from '@agent-platform/harness';

export interface IssuedToken {
  readonly id: string;
  readonly token: string;
}

/** @returns the token of a new source. */
export async function createSource(api: Api, name: string): Promise<string> {
  return (await api.call<{ token: string }>('POST', '/webhook-sources', { name }))!.token;
}

/** @param overlapSeconds - how long the older tokens go on. */
export async function rotateToken(api: Api, source: string, overlapSeconds: number): Promise<IssuedToken> {
  const path = `/webhook-sources/${source}/tokens:rotate`;
  return (await api.call<IssuedToken>('POST', path, { overlap: `${overlapSeconds}s` }))!;
}

export async function revokeToken(api: Api, source: string, tokenId: string): Promise<void> {
  const revoked = await api.call('POST', `/webhook-sources/${source}/tokens/${tokenId}:revoke`, {});
  if (revoked === undefined) throw new Error(`there is no token ${tokenId} to revoke`);
}

/** Sends an event as a sender would; never rejects. */
export function sendEvent(agent: Agent, ingestUrl: string, token: string, event: object): Promise<Answer> {
  const headers = { 'content-type': 'application/json', 'x-webhook-token': token };
  return post(agent, `${ingestUrl}/webhooks/events`, headers, JSON.stringify(event));
}

/** `202`, or what else came: for people. */
export const statusOf = (answer: Answer) =>
  answer.kind === 'answer' ? String(answer.status) : `cut (${answer.reason})`;
