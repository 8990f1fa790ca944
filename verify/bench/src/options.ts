import { parseArgs } from 'node:util';

export interface Options {
  readonly rounds: number;
  readonly seconds: number;
  /** Names of what to measure; all when empty. */
  readonly only: readonly string[];
  /** Where to write the figures as JSON, and as a chart. */
  readonly json: string | undefined;
  readonly svg: string | undefined;
}

export const USAGE = `npm run bench -- [--rounds 3] [--seconds 5] [--only NAME]… [--json FILE] [--svg FILE]`;

/** @throws Error that says what is wrong. */
export function readOptions(args: readonly string[], names: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '5' },
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'string' },
      svg: { type: 'string' },
    },
  });
  const positive = (name: 'rounds' | 'seconds', most: number) => {
    const value = Number(values[name]);
    if (Number.isInteger(value) && value >= 1 && value <= most) return value;
    throw new Error(`--${name} takes a whole number from 1 to ${most}.`);
  };
  const unknown = values.only.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`--only knows no ${unknown.join(', ')}; there are ${names.join(', ')}.`);
  return {
    rounds: positive('rounds', 100),
    seconds: positive('seconds', 600),
    only: values.only,
    json: values.json,
    svg: values.svg,
  };
}
