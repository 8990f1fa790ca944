const EVENT_TYPE = /^[A-Za-z0-9._:/[\]()@+=~-]{1,255}$/;

export const EVENT_TYPE_RULE =
  'a string of 1-255 characters of A-Z a-z 0-9 . _ : / [ ] ( ) @ + = ~ -, such as "invoice.uploaded"';

export function isEventType(value: unknown): value is string {
  return typeof value === 'string' && EVENT_TYPE.test(value);
}
