import { randomFillSync } from 'node:crypto';

const stock = Buffer.allocUnsafe(4096);
let used = stock.length;

/**
 * Fills a few bytes with randomness for ids. The system is asked for a stock of it, as `crypto.randomUUID` does: a
 * call for each id costs more than everything else about the id. Not for secrets, which must not lie around in memory.
 */
export function fillRandom<T extends Uint8Array>(bytes: T): T {
  if (used + bytes.length > stock.length) {
    randomFillSync(stock);
    used = 0;
  }
  for (let i = 0; i < bytes.length; i++) bytes[i] = stock[used++]!;
  return bytes;
}
