import { parseArgs } from 'node:util';

export const HELP = `npm run torture -- [options]

  --minutes N       how long each scenario puts its load on; default 2
  --seed S          repeats the decisions of an earlier run: which process, when, which fault; default: a new one
  --scenario NAME   one of those below, several with commas between, or all; default kills
  --planted         runs against four planted bugs instead, and fails unless all four are caught
`;

export interface TortureOptions {
  readonly minutes: number;
  readonly seed: string;
  readonly scenarios: readonly string[];
  readonly planted: boolean;
}

/** @throws Error that says what is wrong. */
export function readOptions(args: readonly string[], known: readonly string[]): TortureOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '2' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
      scenario: { type: 'string', default: 'kills' },
      planted: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const minutes = Number(values.minutes);
  if (!(minutes > 0 && minutes <= 24 * 60))
    throw new Error(`--minutes must be a number above 0, not "${values.minutes}"`);
  const scenarios = values.scenario === 'all' ? known : values.scenario.split(',');
  const unknown = scenarios.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`--scenario ${unknown} is not one of ${known.join(', ')}`);
  return { minutes, seed: values.seed, scenarios, planted: values.planted };
}
