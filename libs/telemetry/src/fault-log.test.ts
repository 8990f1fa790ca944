import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createFaultLog } from './fault-log.ts';
import { createLogger } from './logger.ts';

describe('fault log', () => {
  it('writes the first fault and then at most one line in ten seconds', () => {
    const lines: Record<string, unknown>[] = [];
    const destination = new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
        done();
      },
    });
    let nowMs = 0;
    const logger = createLogger({ level: 'info', service: 'test', destination });
    const logFault = createFaultLog(logger, () => nowMs, 'it fails');
    for (; nowMs < 25_000; nowMs += 100) logFault(new Error('why'));
    expect(lines.map(({ level, msg, faults }) => [level, msg, faults])).toEqual([
      ['warn', 'it fails', 1],
      ['warn', 'it fails', 100],
      ['warn', 'it fails', 100],
    ]);
  });
});
