import { hash } from 'node:crypto';
import { AppError } from '@agent-platform/errors';

/** One place where GitHub found what looks like a token of ours. */
export interface Match {
  readonly token: string;
  readonly type: string;
  /** May be empty. */
  readonly url: string;
}

/** What GitHub learns of a match: the token as its SHA-256, so that no answer of ours ever holds a token. */
export interface Feedback {
  readonly token_hash: string;
  readonly token_type: string;
  readonly label: 'true_positive' | 'false_positive';
}

/** @throws AppError `report_invalid` */
export function readReport(body: Buffer): Match[] {
  let json: unknown;
  try {
    json = JSON.parse(body.toString());
  } catch (cause) {
    throw invalid(cause);
  }
  if (!Array.isArray(json)) throw invalid();
  return json.map((item: unknown) => {
    const { token, type, url } = (item ?? {}) as Partial<Record<keyof Match, unknown>>;
    if (typeof token !== 'string' || typeof type !== 'string') throw invalid();
    return { token, type, url: typeof url === 'string' ? url : '' };
  });
}

export function feedbackOn({ token, type }: Match, isOurs: boolean): Feedback {
  const label = isOurs ? 'true_positive' : 'false_positive';
  return { token_hash: hash('sha256', token), token_type: type, label };
}

function invalid(cause?: unknown): AppError {
  const message =
    'The body must be a JSON array of matches, each with the strings "token" and "type", and maybe "url".';
  return new AppError('invalid_argument', 'report_invalid', message, { cause });
}
