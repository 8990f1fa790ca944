import {
  Code,
  ConnectError,
  type Interceptor,
  type StreamRequest,
  type StreamResponse,
  type UnaryRequest,
  type UnaryResponse,
} from '@connectrpc/connect';
import { AppError } from '@agent-platform/errors';
import { parseTraceparent, withSpan, type Logger, type Metrics } from '@agent-platform/telemetry';
import { principalKey, requestIdKey, traceparentKey } from '../call-context.ts';
import { fromConnectError, isFault, toConnectError } from '../errors.ts';
import { key } from '../methods.ts';
import { challengeOf } from '../problem.ts';
import { REQUEST_ID_HEADER, requestIdOf } from '../request-id.ts';

type Request = UnaryRequest | StreamRequest;
type Response = UnaryResponse | StreamResponse;

/** Turns whatever a method throws into the error that is answered, and counts, times and logs it. */
export function failures(o: { logger: Logger; metrics?: Metrics }): Interceptor {
  const duration = o.metrics?.histogram({
    name: 'rpc_server_duration_seconds',
    help: 'How long RPCs took, by how they ended.',
    labels: ['service', 'method', 'code'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  });
  return (next) => async (request) => {
    const startMs = performance.now();
    const requestId = requestIdOf(request.header.get(REQUEST_ID_HEADER));
    const finish = (code: string) => {
      const labels = { service: request.service.typeName, method: request.method.name, code };
      duration?.observe(labels, (performance.now() - startMs) / 1000);
    };
    const fail = (thrown: unknown): never => {
      const error = describe(thrown, request, requestId);
      finish(error instanceof AppError ? error.kind : 'canceled');
      log(o.logger, request, requestId, error);
      const answer = error instanceof AppError ? toConnectError(error) : error;
      answer.metadata.set(REQUEST_ID_HEADER, requestId);
      const challenge = error instanceof AppError ? challengeOf(error) : undefined;
      if (challenge !== undefined) answer.metadata.set('www-authenticate', challenge);
      throw answer;
    };
    request.contextValues.set(requestIdKey, requestId);
    const response = await inSpan(request, () => next(request)).catch(fail);
    response.header.set(REQUEST_ID_HEADER, requestId);
    // A tenant's data, and now and then a plain token.
    response.header.set('cache-control', 'no-store');
    if (response.stream) return { ...response, message: watch(response.message, finish, fail) };
    finish('ok');
    return response;
  };
}

function inSpan(request: Request, work: () => Promise<Response>): Promise<Response> {
  const traceparent = parseTraceparent(request.header.get('traceparent') ?? undefined);
  return withSpan(key(request.method), { traceparent }, (own) => {
    request.contextValues.set(traceparentKey, own);
    return work();
  });
}

async function* watch<T>(
  messages: AsyncIterable<T>,
  finish: (code: string) => void,
  fail: (error: unknown) => never,
): AsyncIterable<T> {
  try {
    yield* messages;
  } catch (error) {
    fail(error);
  }
  finish('ok');
}

/** The error to answer; a ConnectError when the caller has gone, which is nobody's fault. */
function describe(thrown: unknown, { signal }: Request, requestId: string): AppError | ConnectError {
  if (signal.aborted) {
    const reason = ConnectError.from(signal.reason, Code.Canceled);
    if (reason.code !== Code.DeadlineExceeded) return reason;
    return new AppError(
      'deadline_exceeded',
      'deadline_exceeded',
      'The deadline of the call passed before there was an answer.',
      {
        cause: thrown,
      },
    );
  }
  if (thrown instanceof AppError) return thrown;
  if (thrown instanceof ConnectError && thrown.code !== Code.Unknown) return fromConnectError(thrown);
  return internalError(thrown, requestId);
}

/** For what nobody foresaw: the id is all that is told, the cause is in the log beside it. */
export function internalError(cause: unknown, requestId: string): AppError {
  const message = `Internal error. When you report it, quote request id ${requestId}.`;
  return new AppError('internal', 'internal', message, { cause });
}

function log(logger: Logger, request: Request, requestId: string, error: AppError | ConnectError): void {
  const kind = error instanceof AppError ? error.kind : 'canceled';
  const level = error instanceof AppError && isFault(error) ? 'error' : 'debug';
  if (!logger.isLevelEnabled(level)) return;
  const principal = request.contextValues.get(principalKey);
  const fields = {
    rpc: key(request.method),
    request_id: requestId,
    org_id: principal?.kind === 'user' ? principal.orgId : undefined,
    caller: principal?.kind === 'service' ? principal.service : undefined,
    code: error instanceof AppError ? error.code : 'canceled',
  };
  // A refusal needs no stack; a fault needs all there is.
  if (level === 'error') logger.error({ ...fields, err: error }, `${kind}: ${error.message}`);
  else logger.debug(fields, error.message);
}
