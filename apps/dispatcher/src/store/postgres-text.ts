/** PostgreSQL's text holds neither U+0000 nor half of a surrogate pair: both are shown as U+FFFD, as decoders do. */
export function postgresText(text: string): string {
  return text.replaceAll('\0', '\u{fffd}').toWellFormed();
}
