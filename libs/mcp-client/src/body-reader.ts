import type { IncomingHttpHeaders } from 'node:http';
import { parseExactJson, readJson, readJsonIfAny, TooLargeError, type BodyReader } from '@agent-platform/outbound';
import type { JsonValue } from '@agent-platform/json';
import { createParser } from 'eventsource-parser';

const MAX_BODY_BYTES = 10 * 1024 * 1024;

/** Of a refusal only the beginning is of interest. */
const MAX_ERROR_BODY_BYTES = 64 * 1024;

/** The stream of events ended, and none was the answer. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

/**
 * Numbers are read as they were sent: what a tool answers is passed on unchanged.
 *
 * @param isAnswer - picks the answer out of an event stream, in which other messages may come first.
 */
export function createBodyReader(
  status: number,
  headers: IncomingHttpHeaders,
  isAnswer: (message: JsonValue) => boolean,
): BodyReader {
  if (status >= 300) return readJsonIfAny(MAX_ERROR_BODY_BYTES);
  const isStream = String(headers['content-type']).toLowerCase().startsWith('text/event-stream');
  return isStream ? readEvents(isAnswer) : readJson(MAX_BODY_BYTES, parseExactJson);
}

/** @see https://html.spec.whatwg.org/multipage/server-sent-events.html */
function readEvents(isAnswer: (message: JsonValue) => boolean): BodyReader {
  let bytes = 0;
  let found: { message: JsonValue } | undefined;
  const decoder = new TextDecoder();
  const parser = createParser({
    onEvent(event) {
      if (found || event.data === '' || (event.event !== undefined && event.event !== 'message')) return;
      const message = parseExactJson(event.data);
      if (isAnswer(message)) found = { message };
    },
  });
  return {
    get bytes() {
      return bytes;
    },
    read(chunk) {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) throw new TooLargeError();
      parser.feed(decoder.decode(chunk, { stream: true }));
      return found;
    },
    end() {
      throw new NoAnswerError();
    },
  };
}
