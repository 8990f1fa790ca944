/** A text in one of the forms in which it may stand somewhere. */
export interface Form {
  readonly name: string;
  readonly text: string;
}

/** Every form of a text that is looked for: as it is, in JSON and in JSON within JSON, in URLs, hex, both base64s. */
export function formsOf(text: string): Form[] {
  const url = encodeURIComponent(text);
  const hex = Buffer.from(text).toString('hex');
  const forms = [
    { name: 'plain', text },
    { name: 'JSON', text: inJson(text) },
    { name: 'JSON in JSON', text: inJson(inJson(text)) },
    { name: 'URL', text: url },
    { name: 'URL in lower case', text: url.replaceAll(/%../g, (escape) => escape.toLowerCase()) },
    { name: 'hex', text: hex },
    { name: 'hex in upper case', text: hex.toUpperCase() },
    ...[0, 1, 2].flatMap((offset) => [
      { name: 'base64', text: withinBase64(text, offset, 'base64') },
      { name: 'base64url', text: withinBase64(text, offset, 'base64url') },
    ]),
  ];
  return [...new Map(forms.toReversed().map((form) => [form.text, form])).values()].toReversed();
}

const inJson = (text: string) => JSON.stringify(text).slice(1, -1);

/**
 * The characters that are the same in the base64 of everything that has `text` after `offset` (mod 3) other bytes: what
 * shares a character with neighbours is left out.
 */
function withinBase64(text: string, offset: number, encoding: 'base64' | 'base64url'): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]);
  const first = Math.ceil((offset * 8) / 6);
  const end = Math.floor((bytes.length * 8) / 6);
  return bytes.toString(encoding).slice(first, end);
}
