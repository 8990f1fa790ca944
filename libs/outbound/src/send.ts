import type { IncomingHttpHeaders } from 'node:http';
import type { JsonValue } from '@agent-platform/json';
import type { Dispatcher } from 'undici';
import type { BodyReader } from './body-reader.ts';
import { RequestFailedError, TooLargeError } from './failure.ts';

/** How long a stream may stay open after its answer, so that the connection can be used again. Milliseconds. */
const DRAIN_TIMEOUT_MS = 1_000;

export interface OutboundRequest {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Ends the request; its reason is the cause of the failure. */
  readonly signal: AbortSignal;
  readonly reader: (status: number, headers: IncomingHttpHeaders) => BodyReader;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** What the reader made of the body; `undefined` where there is none. */
  readonly message: JsonValue | undefined;
  /** Bytes of body read so far. */
  readonly bytes: number;
}

/**
 * One HTTP request, at most once: nothing here or in undici sends it a second time, and a redirect is an answer. So is
 * an error status, also when its body is cut off.
 *
 * @throws RequestFailedError
 */
export function send(dispatcher: Dispatcher, request: OutboundRequest): Promise<Answer> {
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
    const answer = (message: JsonValue | undefined) =>
      settle(() => resolve({ ...head!, message, bytes: reader?.bytes ?? 0 }));
    const fail = (cause: unknown) => {
      if (head && head.status >= 300) return answer(undefined);
      settle(() => reject(new RequestFailedError(controller !== undefined, cause)));
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
        method: request.method,
        headers: request.headers,
        body: request.body ?? null,
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
          reader = request.reader(status, headers);
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
