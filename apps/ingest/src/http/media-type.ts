import type { IncomingHttpHeaders } from 'node:http';
import { AppError } from '@agent-platform/errors';

/** `application/json` and whatever says of itself that it is JSON (RFC 6839 §3.1), with any parameters. */
const JSON_TYPE = /^application\/(?:[\w!#$&.^-]+\+)?json[\t ]*(?:;|$)/i;
const FORM = /^(?:application\/x-www-form-urlencoded|multipart\/form-data)[\t ]*(?:;|$)/i;

const NOT_JSON = 'Send the event as JSON, with the header "Content-Type: application/json".';
/** What senders that are set up by clicking send when that was not clicked. */
const NOT_A_FORM = `${NOT_JSON} This is a form: in GitHub, set the webhook's content type to application/json; of Slack, the Events API is taken, and slash commands, shortcuts and interactions are not.`;

/** @throws AppError `unsupported_media_type` unless the headers announce plain JSON. */
export function requireJson(headers: IncomingHttpHeaders): void {
  const type = headers['content-type'];
  if (type !== 'application/json' && (type === undefined || !JSON_TYPE.test(type))) {
    throw refused(type !== undefined && FORM.test(type) ? NOT_A_FORM : NOT_JSON);
  }
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw refused('Send the body as it is, without "Content-Encoding".');
  }
}

function refused(message: string): AppError {
  return new AppError('unsupported_media_type', 'unsupported_media_type', message);
}
