import type { IncomingHttpHeaders } from 'node:http';
import { scopesOf } from './scopes.ts';

/** What a server says of how to be allowed in. */
export interface Challenge {
  readonly resourceMetadata: string | undefined;
  /** What the refused request needs; empty where the server does not say. */
  readonly scopes: readonly string[];
  readonly error: string | undefined;
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const PARAMETER = new RegExp(`(${TOKEN})[ \\t]*=[ \\t]*(?:"((?:[^"\\\\]|\\\\.)*)"|(${TOKEN}))[ \\t]*(?=,|$)`, 'y');
const SCHEME = new RegExp(`(${TOKEN})(?:[ \\t]+[A-Za-z0-9._~+/-]+=*[ \\t]*(?=,|$))?`, 'y');
const SEPARATOR = /[\s,]*/y;

/**
 * The first `Bearer` challenge of an answer; nothing in it where there is none.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1
 */
export function bearerChallenge(headers: IncomingHttpHeaders): Challenge {
  const text = [headers['www-authenticate'] ?? ''].flat().join(', ');
  const bearer = parse(text).find(({ scheme }) => scheme === 'bearer')?.parameters;
  return {
    resourceMetadata: bearer?.get('resource_metadata'),
    scopes: scopesOf(bearer?.get('scope')),
    error: bearer?.get('error'),
  };
}

interface Parsed {
  readonly scheme: string;
  readonly parameters: Map<string, string>;
}

function parse(text: string): Parsed[] {
  const challenges: Parsed[] = [];
  let at = 0;
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at = pattern.lastIndex;
    return match;
  };
  for (;;) {
    take(SEPARATOR);
    const parameter = challenges.length > 0 ? take(PARAMETER) : null;
    if (parameter) {
      const [, name, quoted, plain] = parameter;
      const { parameters } = challenges.at(-1)!;
      if (!parameters.has(name!.toLowerCase())) {
        parameters.set(name!.toLowerCase(), plain ?? quoted!.replace(/\\(.)/g, '$1'));
      }
      continue;
    }
    const scheme = take(SCHEME);
    if (!scheme) return challenges;
    challenges.push({ scheme: scheme[1]!.toLowerCase(), parameters: new Map() });
  }
}
