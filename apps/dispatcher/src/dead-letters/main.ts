import { databaseErrorToAppError } from '@agent-platform/database';
import { AppError } from '@agent-platform/errors';
import { deadLettersCommand } from './command.ts';

try {
  const print = (line: string) => void process.stdout.write(`${line}\n`);
  process.exitCode = await deadLettersCommand(process.argv.slice(2), { env: process.env, print });
} catch (error) {
  const known = error instanceof AppError ? error : databaseErrorToAppError(error);
  if (known.kind === 'internal') throw error;
  process.stderr.write(`${known.message}\n`);
  process.exitCode = 1;
}
