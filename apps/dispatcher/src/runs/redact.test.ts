import { describe, expect, it } from 'vitest';
import { redact } from './redact.ts';

describe('redact', () => {
  it('takes out the whole value and the token in it, wherever they stand', () => {
    const headers = { authorization: 'Bearer sk-0123456789', 'x-key': 'with"quote\\and-more' };
    const clean = redact(JSON.stringify({ headers, text: 'it was sk-0123456789' }), headers);
    expect(JSON.parse(clean)).toEqual({
      headers: { authorization: '[redacted]', 'x-key': '[redacted]' },
      text: 'it was [redacted]',
    });
  });

  it('leaves short values alone', () => {
    expect(redact('"in production"', { 'x-stage': 'production' })).toBe('"in production"');
  });
});
