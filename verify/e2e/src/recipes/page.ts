/** A block of commands of a page, and what they must print. */
export interface Recipe {
  /** The heading above it, and its line: for the name of a test. */
  readonly title: string;
  readonly script: string;
  /** What it prints needs a moment; until then it may be run again. */
  readonly waits: boolean;
  readonly expected?: { readonly kind: 'json' | 'text'; readonly text: string };
}

const FENCE = /^```(\S*) ?(.*)$/;

/** Every ```sh block of a page in order, each with the ```json or ```text block that follows it. */
export function recipesOf(page: string): Recipe[] {
  const recipes: Recipe[] = [];
  let heading = '';
  let open:
    { readonly kind: string; readonly info: string; readonly line: number; readonly lines: string[] } | undefined;
  for (const [index, line] of page.split('\n').entries()) {
    const [, kind, info] = FENCE.exec(line) ?? [];
    if (open && kind === undefined) open.lines.push(line);
    else if (open) {
      const text = open.lines.join('\n');
      const title = `${heading}, line ${open.line}`;
      if (open.kind === 'sh') recipes.push({ title, script: text, waits: open.info === 'wait' });
      else if (open.kind === 'json' || open.kind === 'text') {
        recipes.push({ ...recipes.pop()!, expected: { kind: open.kind, text } });
      } else throw new Error(`Line ${open.line}: nobody checks a block of ${open.kind || 'no language'}.`);
      open = undefined;
    } else if (kind !== undefined) open = { kind, info: info!, line: index + 1, lines: [] };
    else if (/^#+ /.test(line)) heading = line.replace(/^#+ /, '');
  }
  return recipes;
}

/** What is different from what a page shows, where `…` is any text, or as a whole any value; undefined when nothing is. */
export function difference({ kind, text }: NonNullable<Recipe['expected']>, printed: string): string | undefined {
  const same = kind === 'json' ? isLike(JSON.parse(text), parsed(printed)) : isLike(text.trim(), printed.trim());
  return same ? undefined : `expected\n${text}\nbut it printed\n${printed}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isLike(expected: unknown, actual: unknown): boolean {
  if (expected === '…') return actual !== undefined;
  if (typeof expected === 'string') return typeof actual === 'string' && pattern(expected).test(actual);
  if (typeof expected !== 'object' || expected === null) return expected === actual;
  if (typeof actual !== 'object' || actual === null || Array.isArray(expected) !== Array.isArray(actual)) return false;
  const [left, right] = [expected, actual] as Record<string, unknown>[];
  const keys = new Set([...Object.keys(left!), ...Object.keys(right!)]);
  return [...keys].every((key) => isLike(left![key], right![key]));
}

function pattern(text: string): RegExp {
  return new RegExp(`^${text.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&').replaceAll('…', '.*')}$`);
}
