// Starts a Kafka broker for development and runs it until Ctrl-C. Its data goes with it.
import { once } from 'node:events';
import { connect } from 'node:net';
import { parseArgs } from 'node:util';
import { AppError } from '@agent-platform/errors';
import { run } from '@agent-platform/runtime';
import { createLogger } from '@agent-platform/telemetry';
import { startKafka } from '@agent-platform/testing';

const { values } = parseArgs({ options: { port: { type: 'string', default: '9092' } } });
const port = Number(values.port);

/** By connecting, because a listener on all addresses does not always hinder another one on 127.0.0.1. */
async function requireFree(): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  const taken = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  if (!taken) return;
  const message = `Something listens on port ${port} already. Choose another one: npm run kafka -- --port 9192`;
  throw new AppError('failed_precondition', 'port_taken', message);
}

await run(
  'kafka',
  async () => {
    await requireFree();
    const kafka = await startKafka({ port, controllable: true });
    if (kafka.kind === 'none') throw new AppError('failed_precondition', 'no_kafka', kafka.reason);
    console.log(`Kafka (${kafka.kind}) is up. Create the topics with "npm run topics"; Ctrl-C stops it.`);
    console.log(`KAFKA_BROKERS=${kafka.brokers.join(',')}`);
    return kafka;
  },
  { logger: createLogger({ level: 'warn', service: 'kafka' }) },
);
