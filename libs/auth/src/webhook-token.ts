import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const PREFIX = 'whk_';
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_LENGTH = 30;
const CHECKSUM_LENGTH = 6;
const BODY_LENGTH = PREFIX.length + RANDOM_LENGTH;
const FORMAT = new RegExp(`^${PREFIX}[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}$`);

/**
 * A fresh webhook source token: `whk_`, 30 random base62 characters (178 bits) and the CRC-32 of those 34
 * characters as 6 base62 digits (`0-9A-Za-z`, most significant first), in the manner of GitHub's tokens:
 * https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
 */
export function generateWebhookToken(): string {
  const body = PREFIX + randomBase62(RANDOM_LENGTH);
  return body + checksum(body);
}

/**
 * Decides offline whether a text can be a webhook token: its format and its checksum. CRC-32 finds every change
 * of a single character, so a typo costs no look-up; it proves nothing about who made the token.
 *
 * @returns the token, or undefined when it cannot be one.
 */
export function parseWebhookToken(text: string | undefined): string | undefined {
  if (text === undefined || !FORMAT.test(text)) return undefined;
  return text.slice(BODY_LENGTH) === checksum(text.slice(0, BODY_LENGTH)) ? text : undefined;
}

/** What a person recognises a token by, and nothing that helps to guess it: `whk_…c9Xe`. */
export function webhookTokenHint(token: string): string {
  return `${PREFIX}…${token.slice(-4)}`;
}

function checksum(body: string): string {
  let digits = '';
  for (let rest = crc32(body); digits.length < CHECKSUM_LENGTH; rest = Math.floor(rest / 62)) {
    digits = ALPHABET[rest % 62]! + digits;
  }
  return digits;
}

function randomBase62(length: number): string {
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      // 248 is the largest multiple of 62 in a byte: what lies above would favour the first characters.
      if (byte < 248 && text.length < length) text += ALPHABET[byte % 62]!;
    }
  }
  return text;
}
