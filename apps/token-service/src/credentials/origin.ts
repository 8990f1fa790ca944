import { AppError } from '@agent-platform/errors';

/** The origin that the credential was given for is not told: whoever asks may not be meant to know. */
export function ofAnotherServer(origin: string): AppError {
  const message = `The stored credential was given for another server than ${origin}, and is not sent there.`;
  return new AppError('failed_precondition', 'credential_of_another_server', message);
}

/** From before credentials were bound; management-api says where it belongs within moments of its start. */
export function unbound(): AppError {
  const message = 'The stored credential is not bound to a server yet; management-api does that when it starts.';
  return new AppError('unavailable', 'credential_unbound', message, { retryAfterSeconds: 5 });
}
