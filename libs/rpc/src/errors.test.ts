import { Code, ConnectError } from '@connectrpc/connect';
import { AppError, type ErrorKind } from '@agent-platform/errors';
import { describe, expect, it } from 'vitest';
import { fromConnectError, toConnectError } from './errors.ts';
import { problemOf } from './problem.ts';

const plain = (_key: string, value: unknown) => (typeof value === 'bigint' ? Number(value) : value);

const kinds: [ErrorKind, Code, number][] = [
  ['invalid_argument', Code.InvalidArgument, 400],
  ['unauthenticated', Code.Unauthenticated, 401],
  ['permission_denied', Code.PermissionDenied, 403],
  ['not_found', Code.NotFound, 404],
  ['already_exists', Code.AlreadyExists, 409],
  ['failed_precondition', Code.FailedPrecondition, 409],
  ['payload_too_large', Code.ResourceExhausted, 413],
  ['unsupported_media_type', Code.InvalidArgument, 415],
  ['resource_exhausted', Code.ResourceExhausted, 429],
  ['unimplemented', Code.Unimplemented, 501],
  ['unavailable', Code.Unavailable, 503],
  ['deadline_exceeded', Code.DeadlineExceeded, 504],
  ['internal', Code.Internal, 500],
];

describe.each(kinds)('%s', (kind, code, status) => {
  const fields = [{ field: 'a.b', description: 'is wrong' }];
  const error = new AppError(kind, 'some_code', 'Do this.', {
    fields,
    retryAfterSeconds: 1.2,
    cause: new Error('secret'),
  });

  it('survives the way to the caller, but for its cause', () => {
    const sent = toConnectError(error);
    expect(sent.code).toBe(code);
    const received = fromConnectError(sent);
    expect(received).toMatchObject({ kind, code: 'some_code', message: 'Do this.', fields, retryAfterSeconds: 2 });
    expect(
      JSON.stringify(
        sent.details.map((detail) => ('value' in detail ? detail.value : detail)),
        plain,
      ),
    ).not.toContain('secret');
  });

  it('is a problem with the status and what a client needs to go on', () => {
    const { status: answered, headers, body } = problemOf(error);
    expect([answered, body.status, body.code, body.detail]).toEqual([status, status, 'some_code', 'Do this.']);
    expect(body.errors).toEqual(fields);
    expect(headers['retry-after']).toBe('2');
    expect(headers['www-authenticate']).toBe(status === 401 ? 'Bearer' : undefined);
  });
});

describe('an error that no service of ours threw', () => {
  it.each([
    ['a refused connection', new ConnectError('connect ECONNREFUSED 10.0.0.3:80', Code.Unavailable), 'unavailable'],
    ['a broken connection', new ConnectError('read ECONNRESET 10.0.0.3:80', Code.Aborted), 'unavailable'],
    [
      'a broken HTTP/2 session',
      new ConnectError(
        '10.0.0.3',
        Code.Internal,
        undefined,
        undefined,
        Object.assign(new Error('x'), { code: 'EPIPE' }),
      ),
      'unavailable',
    ],
    ['a bug', new ConnectError('10.0.0.3 is not a function', Code.Unknown), 'internal'],
    ['a deadline', new ConnectError('10.0.0.3 timed out', Code.DeadlineExceeded), 'deadline_exceeded'],
  ])('tells nothing that is not for the public: %s', (_name, error, kind) => {
    const received = fromConnectError(error);
    expect(received.kind).toBe(kind);
    expect(received.message).not.toContain('10.0.0.3');
    expect(received.cause).toBe(error);
  });
});
