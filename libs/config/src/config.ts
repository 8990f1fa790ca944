import { AppError, type FieldViolation } from '@agent-platform/errors';
import type { Variable } from './variables.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** Configuration keys and the variables they are read from. */
export type EnvSpec = Readonly<Record<string, Variable<unknown>>>;

export type ConfigOf<S extends EnvSpec> = { readonly [K in keyof S]: S[K] extends Variable<infer T> ? T : never };

/**
 * Reads a typed configuration from the environment. A variable that is empty counts as not set,
 * unless being empty means something.
 *
 * @throws AppError `config_invalid` that names every variable in error, what was found (never a secret) and what is
 * expected, so that one start is enough to mend all of it.
 */
export function readEnv<S extends EnvSpec>(env: Env, spec: S): ConfigOf<S> {
  const problems: FieldViolation[] = [];
  const config: Record<string, unknown> = {};
  for (const [key, variable] of Object.entries(spec)) {
    const text = textOf(env, variable);
    if (text === undefined) {
      if (variable.fallback) config[key] = variable.fallback.value;
      else problems.push({ field: variable.name, description: `is not set; expected ${variable.expected}` });
      continue;
    }
    config[key] = variable.parse(text);
    if (config[key] !== undefined) continue;
    problems.push({
      field: variable.name,
      description: `is ${JSON.stringify(variable.show(text))}; expected ${variable.expected}`,
    });
  }
  if (problems.length > 0) {
    const lines = problems.map(({ field, description }) => `  ${field} ${description}`);
    throw new AppError('invalid_argument', 'config_invalid', `The configuration is wrong:\n${lines.join('\n')}`, {
      fields: problems,
    });
  }
  return config as ConfigOf<S>;
}

/** What was configured, by variable name and fit for a log: secrets masked, defaults marked. */
export function maskedSummary(env: Env, spec: EnvSpec): Record<string, string> {
  return Object.fromEntries(
    Object.values(spec).map((variable) => {
      const text = textOf(env, variable);
      if (text !== undefined) return [variable.name, variable.show(text)];
      const fallback = variable.fallback?.value;
      const shown = typeof fallback === 'string' ? fallback : JSON.stringify(fallback);
      return [variable.name, fallback === undefined ? '[not set]' : `${variable.show(shown)} [default]`];
    }),
  );
}

function textOf(env: Env, { name, takesEmpty }: Variable<unknown>): string | undefined {
  const text = env[name]?.trim();
  return text === '' && !takesEmpty ? undefined : text;
}
