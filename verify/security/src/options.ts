import { parseArgs } from 'node:util';

export const HELP = `npm run security -- [options]

  --only NAME   one of those below; may be given several times; default: all
  --seed S      repeats the decisions of an earlier run; default: a new one
`;

export interface SecurityOptions {
  readonly only: readonly string[];
  readonly seed: string;
}

/** @throws Error that says what is wrong. */
export function readOptions(args: readonly string[], known: readonly string[]): SecurityOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true, default: [...known] },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const unknown = values.only.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`--only ${unknown} is not one of ${known.join(', ')}`);
  return { only: values.only, seed: values.seed };
}
