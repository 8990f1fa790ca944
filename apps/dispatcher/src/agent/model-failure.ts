import { withoutSecrets } from '@agent-platform/json';
import { APICallError } from 'ai';

export type ModelFailureCode =
  'model_unavailable' | 'model_rate_limited' | 'model_credential_refused' | 'model_refused';

/** A model that did not answer, or not usably. */
export class ModelFailure extends Error {
  override readonly name = 'ModelFailure';
  readonly code: ModelFailureCode;
  readonly retryAfterMs: number | undefined;

  constructor(code: ModelFailureCode, message: string, o: { cause: unknown; retryAfterMs?: number | undefined }) {
    super(message, { cause: o.cause });
    this.code = code;
    this.retryAfterMs = o.retryAfterMs;
  }

  get retryable(): boolean {
    return this.code === 'model_unavailable' || this.code === 'model_rate_limited';
  }
}

const MAX_SHOWN = 300;

/** Without request and answer bodies in full, which carry the prompt, and without the keys. */
export function modelFailure(error: unknown, keys: readonly string[]): ModelFailure {
  if (!APICallError.isInstance(error)) {
    const timedOut = error instanceof Error && error.name === 'TimeoutError';
    return timedOut
      ? new ModelFailure('model_unavailable', 'The model did not answer in time.', { cause: error })
      : new ModelFailure('model_unavailable', 'The model gave no usable answer.', { cause: error });
  }
  const { statusCode: status } = error;
  const message = withoutSecrets(error.message, keys);
  const what = `${status === undefined ? 'No answer' : `Status ${status}`} from the model's provider: ${message.slice(0, MAX_SHOWN)}`;
  const o = { cause: error, retryAfterMs: retryAfterMs(error.responseHeaders?.['retry-after']) };
  if (status === 401 || status === 403) {
    return new ModelFailure(
      'model_credential_refused',
      `${what}. Check its API key in the dispatcher's environment.`,
      o,
    );
  }
  if (status === 429) return new ModelFailure('model_rate_limited', what, o);
  if (status === undefined || status >= 500 || status === 408) return new ModelFailure('model_unavailable', what, o);
  return new ModelFailure('model_refused', what, o);
}

/** Seconds or a date (RFC 9110 §10.2.3). */
function retryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
