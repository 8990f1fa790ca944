import { verify, type KeyObject } from 'node:crypto';
import type { Client } from '@connectrpc/connect';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { WebhookTokenService } from '@agent-platform/proto';
import { AppError } from '@agent-platform/errors';
import { callInternal } from '../call-internal.ts';
import type { GithubKeys } from './github-keys.ts';
import { feedbackOn, readReport, type Feedback, type Match } from './github-report.ts';

const PATH = '/secret-scanning/github';
/** GitHub may report many matches at once. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** What token-service takes at once. */
const MAX_TOKENS = 1_000;

export interface GithubRouteDeps {
  readonly keys: GithubKeys;
  readonly tokens: Pick<Client<typeof WebhookTokenService>, 'revokeLeakedTokens'>;
}

/**
 * Takes reports of tokens that were found in public, as GitHub's secret scanning partner programme sends them, and
 * revokes the tokens. The signature is over the raw body, so the body must come as it was sent.
 * https://docs.github.com/en/code-security/secret-scanning/secret-scanning-partnership-program/secret-scanning-partner-program
 */
export function githubRoute(app: FastifyInstance, { keys, tokens }: GithubRouteDeps): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  app.post(PATH, {
    bodyLimit: MAX_BODY_BYTES,
    // Before anything of the body is read.
    async onRequest(request) {
      signatureOf(request);
    },
    async handler(request): Promise<Feedback[]> {
      const { identifier, signature } = signatureOf(request);
      const body = (request.body as Buffer | undefined) ?? Buffer.alloc(0);
      const key = await keys.find(identifier);
      if (key === undefined || !isSigned(body, signature, key)) throw refused();
      return revoke(readReport(body));
    },
  });

  async function revoke(matches: readonly Match[]): Promise<Feedback[]> {
    const feedback: Feedback[] = [];
    for (let from = 0; from < matches.length; from += MAX_TOKENS) {
      const some = matches.slice(from, from + MAX_TOKENS);
      const found = some.map(({ token, url }) => ({ token, url }));
      const { known } = await callInternal(tokens.revokeLeakedTokens({ reporter: 'github', tokens: found }));
      feedback.push(...some.map((match, i) => feedbackOn(match, known[i]!)));
    }
    return feedback;
  }
}

function signatureOf({ headers }: FastifyRequest): { identifier: string; signature: string } {
  const identifier = headers['github-public-key-identifier'];
  const signature = headers['github-public-key-signature'];
  if (typeof identifier !== 'string' || typeof signature !== 'string') throw refused();
  return { identifier, signature };
}

/** ECDSA over P-256 with SHA-256. */
function isSigned(body: Buffer, signature: string, key: KeyObject): boolean {
  return verify('sha256', body, { key, dsaEncoding: 'der' }, Buffer.from(signature, 'base64'));
}

/** One answer for every reason. */
function refused(): AppError {
  return new AppError(
    'unauthenticated',
    'report_refused',
    'The report must be signed by GitHub: Github-Public-Key-Identifier names one of its keys for secret scanning, and ' +
      'Github-Public-Key-Signature is the signature over the raw body.',
  );
}
