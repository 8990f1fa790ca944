import { createParser } from 'eventsource-parser';

const MAX_BODY_BYTES = 10 * 1024 * 1024;

/** Of a refusal only the beginning is of interest. */
const MAX_ERROR_BODY_BYTES = 64 * 1024;

export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
}

/** The stream of events ended, and none was the answer. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

/** The body is not what it should be. */
export class UnreadableBodyError extends Error {
  override readonly name = 'UnreadableBodyError';
}

export interface BodyReader {
  readonly bytes: number;
  /** @returns the answer as soon as it is known, before the body ends. */
  read(chunk: Buffer): { message: unknown } | undefined;
  /** @returns the answer, `undefined` for an empty body. */
  end(): unknown;
}

export function createBodyReader(
  status: number,
  contentType: string | string[] | undefined,
  isAnswer: (message: unknown) => boolean,
): BodyReader {
  if (status >= 300) return readError();
  return String(contentType).toLowerCase().startsWith('text/event-stream') ? readEvents(isAnswer) : readJson();
}

function readJson(): BodyReader {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    read(chunk) {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) throw new TooLargeError();
      chunks.push(chunk);
      return undefined;
    },
    end() {
      return bytes === 0 ? undefined : parseJson(Buffer.concat(chunks).toString());
    },
  };
}

function readError(): BodyReader {
  const json = readJson();
  return {
    get bytes() {
      return json.bytes;
    },
    read(chunk) {
      json.read(chunk);
      return json.bytes > MAX_ERROR_BODY_BYTES ? { message: undefined } : undefined;
    },
    end() {
      try {
        return json.end();
      } catch {
        return undefined;
      }
    },
  };
}

/** @see https://html.spec.whatwg.org/multipage/server-sent-events.html */
function readEvents(isAnswer: (message: unknown) => boolean): BodyReader {
  let bytes = 0;
  let found: { message: unknown } | undefined;
  const decoder = new TextDecoder();
  const parser = createParser({
    onEvent(event) {
      if (found || event.data === '' || (event.event !== undefined && event.event !== 'message')) return;
      const message = parseJson(event.data);
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Without the cause: its message quotes the body.
    throw new UnreadableBodyError();
  }
}
