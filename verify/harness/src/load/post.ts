import { request, type Agent } from 'node:http';

/** What a sender learns. `cut`: nothing; the event may have been accepted or not. */
export type Answer =
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfter: string | undefined; readonly body: string }
  | { readonly kind: 'cut'; readonly reason: string };

/** As long as senders of webhooks wait. */
const TIMEOUT_MS = 10_000;

/** Sends one request and never rejects. */
export function post(agent: Agent, url: string, headers: Record<string, string>, body: string): Promise<Answer> {
  return new Promise((resolve) => {
    const cut = (error: Error) => resolve({ kind: 'cut', reason: error.message });
    const sent = request(url, { method: 'POST', agent, headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
    sent.on('error', cut);
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('error', cut);
      response.on('end', () => {
        const { statusCode = 0, headers } = response;
        resolve({ kind: 'answer', status: statusCode, retryAfter: headers['retry-after'], body: text });
      });
    });
    sent.end(body);
  });
}
