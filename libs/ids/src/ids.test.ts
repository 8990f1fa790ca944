import { describe, expect, it } from 'vitest';
import { encodeId, firstIdAt, newId, timeOfId } from './ids.ts';

describe('ids', () => {
  it('spell 16 bytes as TypeID does', () => {
    // From https://github.com/jetify-com/typeid/blob/main/spec/valid.yml: "max-valid" and a UUIDv7.
    expect(encodeId('evt', new Uint8Array(16).fill(0xff))).toBe('evt_7zzzzzzzzzzzzzzzzzzzzzzzzz');
    const uuid = Buffer.from('01890a5dac96774bbcceb302099a8057', 'hex');
    expect(encodeId('evt', uuid)).toBe('evt_01h455vb4pex5vsknk084sn02q');
  });

  it('sort by the time they were made', () => {
    const ids = [1, 2, 1_700_000_000_000, 2 ** 47].map((ms) => newId('run', ms));
    expect(ids.toSorted()).toEqual(ids);
  });

  it.each([0, 1, 1_700_000_000_000, 2 ** 48 - 1])('say when they were made, and which is the first then: %d', (ms) => {
    const ids = Array.from({ length: 50 }, () => newId('run', ms));
    expect(new Set(ids.map((id) => timeOfId(id).getTime()))).toEqual(new Set([ms]));
    const first = firstIdAt('run', new Date(ms));
    expect(ids.every((id) => id > first)).toBe(true);
    if (ms > 0) expect(newId('run', ms - 1) < first).toBe(true);
  });

  it('do not repeat', () => {
    expect(new Set(Array.from({ length: 10_000 }, () => newId('evt'))).size).toBe(10_000);
  });
});
