import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { createBodyReader, TooLargeError, type BodyReader } from './body-reader.ts';

/** How long a stream may stay open after its answer, so that the connection can be used again. Milliseconds. */
const DRAIN_TIMEOUT_MS = 1_000;

export interface Post {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Ends the request; its reason is what `post` rejects with. */
  readonly signal: AbortSignal;
  /** Picks the answer out of an event stream, in which other messages may come first. */
  readonly isAnswer: (message: unknown) => boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The JSON of the body or of the event that is the answer; `undefined` where there is none. */
  readonly message: unknown;
  /** Bytes of body read so far. */
  readonly bytes: number;
}

/** No answer came. `sent` tells whether the first byte of the request may have been written. */
export class PostFailedError extends Error {
  override readonly name = 'PostFailedError';
  readonly sent: boolean;

  constructor(sent: boolean, cause: unknown) {
    super('The request failed', { cause });
    this.sent = sent;
  }
}

/**
 * One HTTP POST, at most once: nothing here or in undici sends it a second time. An error status is an answer, also
 * when its body is cut off.
 *
 * @throws PostFailedError
 */
export function post(dispatcher: Dispatcher, request: Post): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let head: { status: number; headers: IncomingHttpHeaders } | undefined;
    let reader: BodyReader | undefined;
    let isSettled = false;
    let drainTimer: NodeJS.Timeout | undefined;

    const settle = (finish: () => void) => {
      if (isSettled) return;
      isSettled = true;
      request.signal.removeEventListener('abort', onAbort);
      finish();
    };
    const answer = (message: unknown) => settle(() => resolve({ ...head!, message, bytes: reader?.bytes ?? 0 }));
    const fail = (cause: unknown) => {
      if (head && head.status >= 300) return answer(undefined);
      settle(() => reject(new PostFailedError(controller !== undefined, cause)));
    };
    const onAbort = () => {
      const reason = request.signal.reason as Error;
      fail(reason);
      controller?.abort(reason);
    };

    if (request.signal.aborted) return fail(request.signal.reason);
    request.signal.addEventListener('abort', onAbort, { once: true });

    dispatcher.dispatch(
      {
        origin: request.url.origin,
        path: request.url.pathname + request.url.search,
        method: 'POST',
        headers: request.headers,
        body: request.body,
        // The signal is the one deadline.
        headersTimeout: 0,
        bodyTimeout: 0,
      },
      {
        // undici calls this right before it writes the first byte, and writes nothing if aborted here.
        onRequestStart(started) {
          if (isSettled) return started.abort(request.signal.reason as Error);
          controller = started;
        },
        onResponseStart(_, status, headers) {
          if (status < 200) return;
          head = { status, headers };
          reader = createBodyReader(status, headers['content-type'], request.isAnswer);
        },
        onResponseData(current, chunk) {
          if (isSettled) return;
          try {
            const found = reader!.read(chunk);
            if (!found) return;
            answer(found.message);
            drainTimer = setTimeout(() => current.abort(new Error('drained')), DRAIN_TIMEOUT_MS);
          } catch (error) {
            fail(error);
            current.abort(error instanceof TooLargeError ? error : new Error('unreadable', { cause: error }));
          }
        },
        onResponseEnd() {
          clearTimeout(drainTimer);
          if (isSettled) return;
          try {
            answer(reader!.end());
          } catch (error) {
            fail(error);
          }
        },
        onResponseError(_, error) {
          clearTimeout(drainTimer);
          fail(error);
        },
      },
    );
  });
}
