import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createPool, runningServerUrl, type Pool } from '@agent-platform/database';
import type { Env } from '@agent-platform/config';
import { AppError } from '@agent-platform/errors';
import { createLogger } from '@agent-platform/telemetry';
import { listDeadLetters, type OperatorsLetter } from '../store/dead-letters/list-dead-letters.ts';
import { requestRedrives } from '../store/dead-letters/redrives.ts';

const HELP = `npm run dead-letters -- list                 the newest 100, of every tenant
npm run dead-letters -- list --from 2026-01-31T00:00:00Z --before 2026-02-01T00:00:00Z
npm run dead-letters -- redrive ID…          has a dispatcher process them again, and says what came of it
npm run dead-letters -- redrive --all        all that were not processed since

Reads the dispatcher's database: the one of DATABASE_URL, or that of the platform running on DATA_DIR (.agent-platform).
`;

const LISTED = 100;
/** Of one command; "redrive --all" can be repeated. */
const REDRIVEN = 10_000;
const WAIT_MS = 60_000;
const POLL_MS = 500;

/**
 * @param print - takes one line.
 * @returns the exit code: 1 if something that was to be redriven is not processed.
 * @throws AppError `option_invalid`, `dead_letter_not_found`, `postgres_not_running`
 */
export async function deadLettersCommand(
  args: readonly string[],
  { env, print }: { readonly env: Env; readonly print: (line: string) => void },
): Promise<number> {
  const { values, positionals } = parse(args);
  const [verb, ...ids] = positionals;
  if (values.help || (verb !== 'list' && verb !== 'redrive')) {
    print(HELP);
    return values.help ? 0 : 1;
  }
  const pool = await connect(env);
  await using _pool = { [Symbol.asyncDispose]: () => pool.end() };
  if (verb === 'list') {
    const period = { from: time('--from', values.from), before: time('--before', values.before) };
    const letters = await listDeadLetters(pool, { limit: LISTED, ...period });
    for (const letter of letters) print(describe(letter));
    if (letters.length === 0) print('No dead letters.');
    if (letters.length === LISTED) print(`These are ${LISTED}; --before shows older ones.`);
    return 0;
  }
  const all = values.all && ids.length === 0 ? { open: true, limit: REDRIVEN } : { ids, limit: ids.length };
  if (!values.all && ids.length === 0) throw optionInvalid('Name the letters to redrive, or say --all.');
  const letters = await listDeadLetters(pool, all);
  const missing = ids.find((id) => !letters.some((letter) => letter.id === id));
  if (missing) throw new AppError('not_found', 'dead_letter_not_found', `There is no dead letter ${missing}.`);
  return await redriveAll(pool, letters, print);
}

async function redriveAll(
  pool: Pool,
  letters: readonly OperatorsLetter[],
  print: (line: string) => void,
): Promise<number> {
  const ids = letters.map(({ id }) => id);
  await requestRedrives(pool, ids, { orgId: null, by: 'operator' });
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    const now = await listDeadLetters(pool, { ids, limit: ids.length });
    const waiting = now.filter(({ redrivenAt }) => redrivenAt === null).length;
    if (waiting === 0 || performance.now() > deadline) {
      for (const letter of now) print(describe(letter));
      if (waiting > 0) print(`${waiting} still wait for a dispatcher; its log says what is in the way.`);
      print(`${now.filter(isProcessed).length} of ${ids.length} processed.`);
      return now.every(isProcessed) ? 0 : 1;
    }
    await sleep(POLL_MS);
  }
}

const isProcessed = ({ redriveOutcome }: OperatorsLetter) => redriveOutcome === 'processed';

function describe(letter: OperatorsLetter): string {
  const { id, orgId, eventId, topic, partition, offset, reasonCode, reasonMessage } = letter;
  return [
    `${id}  ${letter.deadLetteredAt.toISOString()}  tenant ${orgId ?? 'unknown'}  event ${eventId ?? 'unknown'}`,
    `    ${reasonCode}: ${reasonMessage}`,
    `    ${topic}, partition ${partition}, offset ${offset}; ${redriveOf(letter)}`,
  ].join('\n');
}

function redriveOf({ redriveRequestedAt, redrivenAt, redriveOutcome, redriveErrorMessage }: OperatorsLetter): string {
  if (!redriveRequestedAt) return 'not redriven';
  if (!redrivenAt) return `waits to be redriven since ${redriveRequestedAt.toISOString()}`;
  return [`${redriveOutcome} at ${redrivenAt.toISOString()}`, redriveErrorMessage].filter(Boolean).join(': ');
}

async function connect(env: Env): Promise<Pool> {
  const dataDir = resolve(env['DATA_DIR'] ?? '.agent-platform');
  const url = env['DATABASE_URL'] ?? (await runningServerUrl(join(dataDir, 'postgres'), 'dispatcher'));
  const logger = createLogger({ level: 'error', service: 'dead-letters' });
  return createPool({ url, applicationName: 'dead-letters', max: 1, logger });
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        from: { type: 'string' },
        before: { type: 'string' },
        all: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
  } catch (cause) {
    throw optionInvalid(`${(cause as Error).message} See --help.`);
  }
}

function time(option: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw optionInvalid(`${option} must be a time such as 2026-01-31T00:00:00Z.`);
  return date;
}

function optionInvalid(message: string): AppError {
  return new AppError('invalid_argument', 'option_invalid', message);
}
