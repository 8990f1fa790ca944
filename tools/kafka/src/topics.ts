// Creates the topics of the event bus, or brings them up to date. Can be repeated.
import { parseArgs } from 'node:util';
import { ensureTopics, everyTopic, kafkaSecurityOf, kafkaVariables } from '@agent-platform/event-bus';
import { readEnv } from '@agent-platform/config';
import { AppError } from '@agent-platform/errors';
import { createLogger } from '@agent-platform/telemetry';

const HELP = `npm run topics -- [options]        each also as an environment variable

  --brokers host:port,…       KAFKA_BROKERS               default 127.0.0.1:9092
  --namespace NAME            TOPIC_NAMESPACE             default none; what kafka://host:port/NAME ends with
  --replicas N                TOPIC_REPLICAS              default 3, or one for each broker if there are fewer
  --min-insync-replicas N     TOPIC_MIN_INSYNC_REPLICAS   default one less than the replicas

TLS and SASL: EVENT_BUS_TLS, EVENT_BUS_SASL_MECHANISM and the others of docs/connections.md.
`;

const { values } = parseArgs({
  options: {
    brokers: { type: 'string', default: process.env.KAFKA_BROKERS ?? '127.0.0.1:9092' },
    namespace: { type: 'string', default: process.env.TOPIC_NAMESPACE ?? '' },
    replicas: { type: 'string', default: process.env.TOPIC_REPLICAS ?? '' },
    'min-insync-replicas': { type: 'string', default: process.env.TOPIC_MIN_INSYNC_REPLICAS ?? '' },
    help: { type: 'boolean' },
  },
});

if (values.help) console.log(HELP);
else {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

async function main(): Promise<void> {
  const replicas = positive('--replicas', values.replicas);
  const minInsyncReplicas = positive('--min-insync-replicas', values['min-insync-replicas']);
  const table = await ensureTopics({
    brokers: values.brokers.split(',').map((broker) => broker.trim()),
    topics: everyTopic(values.namespace || undefined),
    security: kafkaSecurityOf(readEnv(process.env, kafkaVariables)),
    logger: createLogger({ level: 'error', service: 'topics' }),
    ...(replicas !== undefined && { replicas }),
    ...(minInsyncReplicas !== undefined && { minInsyncReplicas }),
  });
  const rows = table.map(({ name, partitions, replicas, minInsyncReplicas, retentionMs, change }) => [
    name,
    { partitions, replicas, 'min in sync': minInsyncReplicas, 'retention (days)': retentionMs / 86_400_000, change },
  ]);
  console.table(Object.fromEntries(rows));
}

function positive(option: string, text: string): number | undefined {
  if (text === '') return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new AppError('invalid_argument', 'option_invalid', `${option} must be a whole number above 0, not "${text}".`);
}
