/** What JSON may take once it is parsed. A thread has more left. */
const MAX_BYTES = 40 * 1024 * 1024;

/** JSON of this many characters takes less than that, whatever it holds. */
const ALWAYS = 1024 * 1024;

/** Measured: objects that are all of different shapes, and numbers that are kept as text. */
const BYTES_PER_VALUE = 128;
/** Of the text itself. */
const BYTES_PER_CHARACTER = 2;

const [QUOTE, BACKSLASH, COMMA, BRACKET, BRACE] = Array.from('"\\,[{', (char) => char.charCodeAt(0));

/**
 * Whether JSON fits into a thread once it is parsed. A thread that is out of memory is ended, but `JSON.parse` is not
 * interrupted: it goes on for a minute, or ends the process.
 */
export function mayBeParsed(json: string): boolean {
  if (json.length <= ALWAYS) return true;
  return json.length * BYTES_PER_CHARACTER + countValues(json) * BYTES_PER_VALUE <= MAX_BYTES;
}

function countValues(json: string): number {
  let values = 1;
  let isInString = false;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (isInString && code === BACKSLASH) at++;
    else if (code === QUOTE) isInString = !isInString;
    else if (!isInString && (code === COMMA || code === BRACKET || code === BRACE)) values++;
  }
  return values;
}
