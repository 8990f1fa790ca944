import { STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { AppError, ErrorKind, FieldViolation } from '@agent-platform/errors';

export const PROBLEM_TYPE = 'application/problem+json';

const STATUS: Record<ErrorKind, number> = {
  invalid_argument: 400,
  unauthenticated: 401,
  permission_denied: 403,
  not_found: 404,
  already_exists: 409,
  failed_precondition: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  resource_exhausted: 429,
  unavailable: 503,
  deadline_exceeded: 504,
  unimplemented: 501,
  internal: 500,
};

/** The body of an error answer (RFC 9457), with the stable `code` that programs switch on. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly errors?: readonly FieldViolation[];
}

export interface ProblemResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Problem;
}

/** What only a request with no credential at all is not told: https://www.rfc-editor.org/rfc/rfc6750#section-3.1. */
const CHALLENGE_ERRORS: Readonly<Record<string, string>> = {
  token_malformed: 'invalid_token',
  token_invalid: 'invalid_token',
  token_expired: 'invalid_token',
  permission_missing: 'insufficient_scope',
};

/** The value of `WWW-Authenticate`, for who is not let in. */
export function challengeOf({ kind, code }: AppError): string | undefined {
  const error = CHALLENGE_ERRORS[code];
  if (error !== undefined) return `Bearer error="${error}"`;
  return kind === 'unauthenticated' ? 'Bearer' : undefined;
}

/** How an error is answered over plain HTTP: `Retry-After` when it says when to try again, a challenge with a 401. */
export function problemOf(error: AppError): ProblemResponse {
  const status = STATUS[error.kind];
  const headers: Record<string, string> = { 'content-type': PROBLEM_TYPE };
  const challenge = challengeOf(error);
  if (challenge !== undefined) headers['www-authenticate'] = challenge;
  // https://www.rfc-editor.org/rfc/rfc9110#section-15.5.16
  if (status === 415) headers['accept-encoding'] = 'identity';
  if (error.retryAfterSeconds !== undefined) headers['retry-after'] = String(Math.ceil(error.retryAfterSeconds));
  return { status, headers, body: problem(status, error.code, error.message, error.fields) };
}

/** @param detail - public, says what to do. */
export function problem(status: number, code: string, detail: string, errors: readonly FieldViolation[] = []): Problem {
  const title = STATUS_CODES[status] ?? 'Error';
  return { type: 'about:blank', title, status, detail, code, ...(errors.length > 0 && { errors }) };
}

export function sendProblem(reply: FastifyReply, error: AppError): FastifyReply {
  const { status, headers, body } = problemOf(error);
  return send(reply.code(status).headers(headers), body);
}

/**
 * For a path that is there, but not for this method. OPTIONS is told what is (RFC 9110, section 9.3.7); a browser that
 * asks before a request to another origin is refused by the missing Access-Control headers.
 */
export function sendOtherMethod(reply: FastifyReply, method: string, allowed: readonly string[]): FastifyReply {
  const allow = allowed.join(', ');
  if (method === 'OPTIONS') return reply.code(204).header('allow', allow).send();
  const body = problem(405, 'method_not_allowed', `${method} is not possible here. Use ${allow}.`);
  return send(reply.code(405).headers({ allow, 'content-type': PROBLEM_TYPE }), body);
}

/** As bytes: to a string Fastify would add a charset, which this media type does not have. */
function send(reply: FastifyReply, body: Problem): FastifyReply {
  return reply.send(Buffer.from(JSON.stringify(body)));
}
