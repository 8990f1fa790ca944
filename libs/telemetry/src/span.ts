export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  /** The caller's, already checked by `parseTraceparent`. Without one the span is a child of the span around it, if any. */
  readonly traceparent?: string | undefined;
  /** Ids, never secrets or payloads. */
  readonly attributes?: SpanAttributes;
}

/** Does the work inside a span and hands it the span's own `traceparent`, to be sent on. */
export type SpanRunner = <T>(
  name: string,
  options: SpanOptions,
  work: (traceparent: string | undefined) => Promise<T>,
) => Promise<T>;
