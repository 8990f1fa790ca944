import { setTimeout as sleep } from 'node:timers/promises';
import type { ProxyConnection } from '@agent-platform/testing';
import { QUICK } from '@agent-platform/harness';
import { number } from '../report.ts';
import type { Scenario } from './scenario.ts';

/** Of the acknowledgements, how many are lost. */
const SHARE = 0.1;

/** The broker has stored a batch, and ingest never hears of it. */
export const cutAfterAppend: Scenario = {
  name: 'cut-after-append',
  title: 'connections to the broker are lost between storing and acknowledging',
  world: { ingests: 1, dispatchers: 1, brokerProxy: true, restartablePostgres: false },
  eventsPerSecond: 210,
  mix: { ...QUICK, weights: { 'order.placed': 1 } },
  async run({ world, random, durationMs, figure, violate }) {
    const producing = new WeakSet<ProxyConnection>();
    let cuts = 0;
    world.kafka.fault = (connection, direction, chunk) => {
      if (direction === 'toServer') {
        if (isProduce(chunk)) producing.add(connection);
      } else if (producing.has(connection) && random.chance(SHARE)) {
        connection.cutAfter('toClient', 0);
        cuts++;
      }
    };
    await sleep(durationMs);
    world.kafka.fault = undefined;
    await sleep(5_000);
    figure('acknowledgements cut off', number(cuts));
    if (cuts === 0)
      violate({ rule: 'nothing was proven', subject: 'cut-after-append', detail: 'no connection was cut' });
  },
};

/** API key 0, in the fifth and sixth byte of a request: https://kafka.apache.org/protocol.html#protocol_api_keys */
function isProduce(chunk: Buffer): boolean {
  return chunk.length > 6 && chunk.readInt16BE(4) === 0;
}
