const SECRET_NAMES =
  '(?:authorization|password|secret|token|cookie|api[-_]?key|mcp[-_]?headers|pepper|private[-_]?key)s?';

/** Names of fields whose values never reach a log: `authorization`, `clientSecret`, `x-webhook-token`. */
const SECRET_FIELD = new RegExp(`${SECRET_NAMES}$`, 'i');

/** The same in a finished line: what a child logger is bound to passes no formatter (pino, `lib/proto.js`, `child`). */
const SECRET_FIELD_IN_JSON = new RegExp(`("[\\w-]{0,40}${SECRET_NAMES}":)"(?:[^"\\\\]|\\\\.)*"`, 'gi');

/** Secrets that stand inside a text: our webhook tokens, credentials of a scheme, JWTs, passwords of URLs. */
const SECRET_TEXT =
  /\bwhk_[\dA-Za-z]{8,}|\b(Bearer|Basic) +[\w.~+/=-]+|\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*|(:\/\/[^\s"/:@]*):[^\s"/@]+@/gi;

const MAX_DEPTH = 12;
const CENSOR = '[redacted]';

/** A copy with every secret field replaced, however deep it stands. Numbers are counts (`inputTokens`), not secrets. */
export function redactFields(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || !isPlain(value)) return value;
  if (depth === MAX_DEPTH) return '[too deep]';
  if (Array.isArray(value)) return value.map((item) => redactFields(item, depth + 1));
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const secret = (typeof item === 'string' || typeof item === 'object') && item !== null && SECRET_FIELD.test(key);
    copy[key] = secret ? CENSOR : redactFields(item, depth + 1);
  }
  return copy;
}

/** A finished log line with the secrets inside its texts (messages, URLs, stacks) replaced. */
export function redactLine(line: string): string {
  return line
    .replace(SECRET_FIELD_IN_JSON, `$1"${CENSOR}"`)
    .replace(SECRET_TEXT, (_, scheme?: string, user?: string) =>
      scheme ? `${scheme} ${CENSOR}` : user ? `${user}:${CENSOR}@` : CENSOR,
    );
}

/** Anything else (errors, requests, buffers) has a serializer of its own, or `toJSON`. */
function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
