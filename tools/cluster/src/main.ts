import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { pasteableCommands } from '@agent-platform/platform';
import { AppError } from '@agent-platform/errors';
import { run } from '@agent-platform/runtime';
import { createLogger } from '@agent-platform/telemetry';
import { Cluster } from './cluster.ts';

const { values } = parseArgs({
  options: {
    ingests: { type: 'string', default: '1' },
    dispatchers: { type: 'string', default: '1' },
    bundled: { type: 'boolean', default: false },
    port: { type: 'string', default: process.env['PORT'] ?? '8080' },
  },
});

await run(
  'Agent Platform',
  async () => {
    const cluster = await Cluster.create({
      ingests: number('--ingests', values.ingests, 1),
      dispatchers: number('--dispatchers', values.dispatchers, 1),
      bundled: values.bundled,
      port: number('--port', values.port, 0),
      ...(process.env['DATA_DIR'] && { dataDir: resolve(process.env['DATA_DIR']) }),
    });
    process.stdout.write(banner(cluster));
    return cluster;
  },
  { logger: createLogger({ level: 'warn', service: 'cluster' }), stopDeadlineMs: 20_000 },
);

function banner(cluster: Cluster): string {
  const { url, processes, directory, busUrl } = cluster;
  const rows = processes.map(
    ({ name, pid, url, adminUrl }) => `  ${name.padEnd(16)}${String(pid).padEnd(9)}${url}  ${adminUrl}/metrics`,
  );
  return `
Agent Platform is ready at ${url}, as ${processes.length} processes

${rows.join('\n')}
  ${'event bus'.padEnd(25)}${busUrl}
  ${'logs'.padEnd(25)}${directory}/*.log

${pasteableCommands(url)}
Ctrl-C stops it. "npm run demo" in another terminal shows what it does.
`;
}

function number(option: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  const message = `${option} must be a whole number from ${least}, not "${text}".`;
  throw new AppError('invalid_argument', 'option_invalid', message);
}
