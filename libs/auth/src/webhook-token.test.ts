import { describe, expect, it } from 'vitest';
import { generateWebhookToken, parseWebhookToken, webhookTokenHint } from './webhook-token.ts';

const BASE62 = [...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'];

describe('webhook tokens', () => {
  it('have the published format and parse as themselves', () => {
    for (let i = 0; i < 1_000; i++) {
      const token = generateWebhookToken();
      expect(token).toMatch(/^whk_[0-9A-Za-z]{36}$/);
      expect(parseWebhookToken(token)).toBe(token);
    }
  });

  it('carry the CRC-32 of what precedes, most significant digit first, padded with zeros', () => {
    // Made with another implementation: Python's zlib.crc32 over the 34 characters, written in base 62.
    for (const token of ['whk_0000000000000000000000000000001AXXua', 'whk_00000000000000000000000000007500tAZE']) {
      expect(parseWebhookToken(token)).toBe(token);
    }
  });

  it('are refused with any one character changed', () => {
    const token = generateWebhookToken();
    for (let at = 0; at < token.length; at++) {
      for (const character of BASE62) {
        if (character === token[at]) continue;
        expect(parseWebhookToken(token.slice(0, at) + character + token.slice(at + 1))).toBeUndefined();
      }
    }
  });

  it.each([undefined, '', 'whk_', 'whk_abc123def456', `whk_${'!'.repeat(36)}`])('are not %j', (text) => {
    expect(parseWebhookToken(text)).toBeUndefined();
  });

  it('are refused with anything before or after', () => {
    const token = generateWebhookToken();
    for (const text of [` ${token}`, `${token} `, `${token}\n`, `${token}0`, token.slice(0, -1)]) {
      expect(parseWebhookToken(text)).toBeUndefined();
    }
  });

  it('use every character equally often', () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 5_000; i++) {
      for (const character of generateWebhookToken().slice(4, 34)) {
        counts.set(character, (counts.get(character) ?? 0) + 1);
      }
    }
    // 150,000 characters, 2,419 expected of each; a modulo bias would give the first eight a quarter more.
    for (const character of BASE62) expect(counts.get(character)).toBeGreaterThan(2_000);
    for (const character of BASE62) expect(counts.get(character)).toBeLessThan(2_850);
  });

  it('are recognised by prefix and last four', () => {
    expect(webhookTokenHint('whk_000000000000000000000000000000AAc9Xe')).toBe('whk_…c9Xe');
  });
});
