// A process that owns a data directory until it is killed: `node owner.ts <dataDir>` prints the URL when it is up.
import { createLogger } from '@agent-platform/telemetry';
import { EmbeddedPostgres } from '../src/index.ts';

const logger = createLogger({ level: 'silent', service: 'test' });
const server = await EmbeddedPostgres.start({ dataDir: process.argv[2]!, durable: false, logger });
process.stdout.write(server.url('postgres'));
setInterval(() => undefined, 1_000);
