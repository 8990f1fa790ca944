import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '@agent-platform/proto';
import { AppError, type ErrorKind } from '@agent-platform/errors';

const DOMAIN = 'agent-platform';

const CODES: Record<ErrorKind, Code> = {
  invalid_argument: Code.InvalidArgument,
  unauthenticated: Code.Unauthenticated,
  permission_denied: Code.PermissionDenied,
  not_found: Code.NotFound,
  already_exists: Code.AlreadyExists,
  failed_precondition: Code.FailedPrecondition,
  payload_too_large: Code.ResourceExhausted,
  unsupported_media_type: Code.InvalidArgument,
  resource_exhausted: Code.ResourceExhausted,
  unavailable: Code.Unavailable,
  deadline_exceeded: Code.DeadlineExceeded,
  unimplemented: Code.Unimplemented,
  internal: Code.Internal,
};

const KINDS: Record<Code, ErrorKind> = {
  [Code.InvalidArgument]: 'invalid_argument',
  [Code.OutOfRange]: 'invalid_argument',
  [Code.Unauthenticated]: 'unauthenticated',
  [Code.PermissionDenied]: 'permission_denied',
  [Code.NotFound]: 'not_found',
  [Code.AlreadyExists]: 'already_exists',
  [Code.FailedPrecondition]: 'failed_precondition',
  [Code.ResourceExhausted]: 'resource_exhausted',
  [Code.Unavailable]: 'unavailable',
  // How Connect reports a connection that broke.
  [Code.Aborted]: 'unavailable',
  [Code.Canceled]: 'unavailable',
  [Code.DeadlineExceeded]: 'deadline_exceeded',
  [Code.Unimplemented]: 'unimplemented',
  [Code.Internal]: 'internal',
  [Code.Unknown]: 'internal',
  [Code.DataLoss]: 'internal',
};

/** What is said when the text at hand was not written for the public: it may name hosts, or quote what was sent. */
const GENERIC_MESSAGES: Partial<Record<ErrorKind, string>> = {
  internal: 'Internal error.',
  unavailable: 'A service this request depends on does not answer. Try again.',
  deadline_exceeded: 'A service this request depends on did not answer in time. Try again.',
};

/**
 * Code, fields and retry delay travel as google.rpc ErrorInfo, BadRequest and RetryInfo
 * (https://google.aip.dev/193), so that any client of any protocol can read them. The cause stays here.
 */
export function toConnectError(error: AppError): ConnectError {
  const { kind, code: reason, fields, retryAfterSeconds } = error;
  const metadata = { kind };
  const result = new ConnectError(error.message, CODES[kind], undefined, undefined, error);
  result.details.push({ desc: ErrorInfoSchema, value: create(ErrorInfoSchema, { reason, domain: DOMAIN, metadata }) });
  if (fields.length > 0) {
    result.details.push({
      desc: BadRequestSchema,
      value: create(BadRequestSchema, { fieldViolations: fields.map((f) => ({ ...f })) }),
    });
  }
  if (retryAfterSeconds !== undefined) {
    const retryDelay = { seconds: BigInt(Math.ceil(retryAfterSeconds)) };
    result.details.push({ desc: RetryInfoSchema, value: create(RetryInfoSchema, { retryDelay }) });
  }
  return result;
}

/**
 * The error a service of ours threw, as it threw it. An error that came from elsewhere (the connection, Connect itself)
 * gets its code's name as `code`, and a message of ours where its own might tell too much.
 */
export function fromConnectError(error: ConnectError): AppError {
  const info = error.findDetails(ErrorInfoSchema).find(({ domain }) => domain === DOMAIN);
  if (!info) {
    const kind = isConnectionFault(error) ? 'unavailable' : KINDS[error.code];
    return new AppError(kind, kind, GENERIC_MESSAGES[kind] ?? error.rawMessage, { cause: error });
  }
  const [badRequest] = error.findDetails(BadRequestSchema);
  const [retry] = error.findDetails(RetryInfoSchema);
  const kind = isKind(info.metadata['kind']) ? info.metadata['kind'] : KINDS[error.code];
  return new AppError(kind, info.reason, error.rawMessage, {
    cause: error,
    fields: badRequest?.fieldViolations.map(({ field, description }) => ({ field, description })) ?? [],
    ...(retry?.retryDelay && { retryAfterSeconds: Number(retry.retryDelay.seconds) }),
  });
}

/** Whether it is our fault or a dependency's, so that somebody has to look. */
export function isFault({ kind }: AppError): boolean {
  return kind === 'internal' || kind === 'unavailable' || kind === 'deadline_exceeded';
}

/** Whether the call failed on its way: Connect calls many faults of sockets and HTTP/2 sessions `internal`. */
function isConnectionFault(error: ConnectError): boolean {
  for (let cause: unknown = error.cause; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string' && error.code === Code.Internal) return true;
  }
  return false;
}

function isKind(kind: string | undefined): kind is ErrorKind {
  return kind !== undefined && Object.hasOwn(CODES, kind);
}
