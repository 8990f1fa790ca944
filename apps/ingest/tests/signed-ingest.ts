import type { IngestConfig } from '../src/index.ts';
import { startIngest } from './fixtures.ts';
import { senders, type Sender } from './senders.ts';

type Headers = Record<string, string>;

export const github = senders['GitHub']!;
export const slack = senders['Slack']!;

/** Ingest, with sources whose senders sign. */
export async function startSignedIngest(config: Partial<IngestConfig> = {}) {
  const ingest = await startIngest({ maxBodyBytes: 20_000, ...config });
  let sources = 0;

  /** A new source signed as this sender does; answers its id. */
  function newSource(
    { scheme, secrets }: Pick<Sender, 'scheme' | 'secrets'>,
    settings: { rateLimitPerSecond?: number; defaultEventType?: string } = {},
  ): string {
    const sourceId = `src_${String(++sources).padStart(26, '7')}`;
    ingest.tokenService.issue({ sourceId, signature: { scheme, secrets: [...secrets] }, ...settings });
    return sourceId;
  }

  const post = (to: string, body: string, headers: Headers) =>
    ingest.app.inject({
      method: 'POST',
      url: `/webhooks/${to}`,
      headers: { 'content-type': 'application/json', ...headers },
      payload: body,
    });

  return {
    ...ingest,
    newSource,
    post,
    /** What the sender sends to a source, signed, or something else that it signs. */
    async sendSigned(to: string, sender: Sender, changed: { body?: string; headers?: Headers } = {}) {
      const body = changed.body ?? sender.body;
      const signed = await sender.sign(body, sender.secrets[0], ingest.clock.nowMs);
      return post(to, body, { ...sender.headers, ...signed, ...changed.headers });
    },
    [Symbol.asyncDispose]: () => ingest[Symbol.asyncDispose](),
  };
}
