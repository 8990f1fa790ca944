/**
 * One environment variable: how it is read, and what to say when it cannot be.
 *
 * @typeParam T - what it is in the typed configuration.
 */
export interface Variable<T> {
  readonly name: string;
  /** Completes "expected …". */
  readonly expected: string;
  /** Answers `undefined` when the text is not what is expected. The text has no outer white space and is not empty. */
  readonly parse: (text: string) => T | undefined;
  /** How the text may be shown to people, in errors and in the summary. */
  readonly show: (text: string) => string;
  /** What stands for it when it is not set; without one it must be set. */
  readonly fallback?: { readonly value: T };
  /** Set to nothing is not the same as not set: `parse` is given the empty text. */
  readonly takesEmpty?: true;
}

/** `default` stands in when the variable is not set; `optional` makes it `undefined` then; with neither it is required. */
export interface VariableOptions<T> {
  readonly default?: T;
  readonly optional?: true;
}

type Result<T, O> = O extends { optional: true } ? T | undefined : T;

const HIDDEN = '[secret]';
const DURATION_UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function define<T, O extends VariableOptions<T>>(
  name: string,
  options: O | undefined,
  kind: Pick<Variable<T>, 'expected' | 'parse'> & { secret?: boolean; show?: Variable<T>['show'] },
): Variable<Result<T, O>> {
  const show = kind.show ?? (kind.secret ? () => HIDDEN : (text: string) => text);
  const base = { name, expected: kind.expected, parse: kind.parse, show } as Variable<Result<T, O>>;
  if (options?.default === undefined && !options?.optional) return base;
  return { ...base, fallback: { value: options.default as Result<T, O> } };
}

/** `URL` takes one host only. */
function protocolOf(text: string): string {
  return URL.parse(text.replace(/,[^/?#]*/, ''))?.protocol.slice(0, -1) ?? '';
}

/** What does not parse may have its password anywhere. */
function showUrl(text: string): string {
  if (text.includes('@') && !URL.canParse(text)) return HIDDEN;
  return text
    .replace(/\/\/[^/?#]*@/, `//${HIDDEN}@`)
    .replace(/([?&][^=&]*(?:password|secret|token|key)=)[^&#]*/gi, `$1${HIDDEN}`);
}

/** The kinds of variables {@link readEnv} reads. Each takes the variable's name first. */
export const variable = {
  string<const O extends VariableOptions<string>>(name: string, options?: O) {
    return define<string, O>(name, options, { expected: 'a text', parse: (text) => text });
  },

  /** Never shown, not even in part. */
  secret<const O extends VariableOptions<string> & { minLength?: number }>(name: string, options?: O) {
    const minLength = options?.minLength ?? 1;
    return define<string, O>(name, options, {
      expected: minLength > 1 ? `a secret of at least ${minLength} characters` : 'a secret',
      parse: (text) => (text.length >= minLength ? text : undefined),
      secret: true,
    });
  },

  integer<const O extends VariableOptions<number>>(name: string, options: O & { min: number; max: number }) {
    const { min, max } = options;
    return define<number, O>(name, options, {
      expected: `a whole number from ${min} to ${max}`,
      parse: (text) => (/^-?\d{1,15}$/.test(text) && +text >= min && +text <= max ? +text : undefined),
    });
  },

  boolean<const O extends VariableOptions<boolean>>(name: string, options?: O) {
    return define<boolean, O>(name, options, {
      expected: '"true" or "false"',
      parse: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
    });
  },

  oneOf<const C extends string, const O extends VariableOptions<NoInfer<C>>>(
    name: string,
    choices: readonly C[],
    options?: O,
  ) {
    return define<C, O>(name, options, {
      expected: `one of ${choices.map((choice) => `"${choice}"`).join(', ')}`,
      parse: (text) => choices.find((choice) => choice === text),
    });
  },

  /** An absolute URL, kept as it was written. It may name several hosts (`kafka://a:1,b:2`). A password is never shown. */
  url<const O extends VariableOptions<string> & { protocols?: readonly string[] }>(name: string, options?: O) {
    const protocols = options?.protocols ?? ['http', 'https'];
    return define<string, O>(name, options, {
      expected: `a URL that starts with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`,
      parse: (text) => (protocols.includes(protocolOf(text)) ? text : undefined),
      show: showUrl,
    });
  },

  /** A length of time with its unit, such as `500ms`, `30s`, `5m`, `2h`, `7d`. Read as milliseconds. */
  durationMs<const O extends VariableOptions<number>>(name: string, options?: O) {
    return define<number, O>(name, options, {
      expected: 'a length of time with its unit, such as 500ms, 30s, 5m, 2h or 7d',
      parse(text) {
        const [, amount, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
        return amount && unit ? +amount * DURATION_UNITS_MS[unit as keyof typeof DURATION_UNITS_MS] : undefined;
      },
    });
  },

  /** A text; set to nothing it is the empty one, and not the default. */
  stringOrEmpty(name: string, options: { default: string; expected: string; pattern: RegExp }) {
    const { expected, pattern, default: value } = options;
    const parse = (text: string) => (text === '' || pattern.test(text) ? text : undefined);
    return {
      ...define<string, { default: string }>(name, { default: value }, { expected, parse }),
      takesEmpty: true,
    } as const;
  },

  /** Anything else, such as a list of keys. */
  parsed<T, const O extends VariableOptions<T> = VariableOptions<T>>(
    name: string,
    kind: { expected: string; parse: (text: string) => T | undefined; secret?: boolean },
    options?: O,
  ) {
    return define<T, O>(name, options, kind);
  },
};
