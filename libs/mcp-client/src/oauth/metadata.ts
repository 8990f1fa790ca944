import { checkUrl, type Outbound } from '@agent-platform/outbound';
import { AppError } from '@agent-platform/errors';
import { isJsonObject, type JsonObject } from '@agent-platform/json';
import { McpError } from '../errors.ts';
import { readRetryAfter } from '../retry-after.ts';
import { passingFailure, requestFailure } from './failures.ts';

/** What is needed to find the way to a token. */
export interface Discovery {
  readonly outbound: Outbound;
  /** Milliseconds that are left for all of it. */
  readonly timeLeftMs: () => number;
  readonly now: () => number;
}

export interface MetadataSearch {
  /** Asked in this order. */
  readonly urls: readonly URL[];
  /** Who publishes it: `the authorization server`. */
  readonly who: string;
  /** Answers what is wrong with a document, or nothing. */
  readonly problemWith: (document: JsonObject) => string | undefined;
}

export type FoundMetadata = { readonly document: JsonObject } | { readonly problem: string };

/**
 * The first document nothing is wrong with, or what was wrong with the last one.
 *
 * @throws McpError when a place cannot be asked right now, or must not be asked at all.
 */
export async function findMetadata(discovery: Discovery, search: MetadataSearch): Promise<FoundMetadata> {
  let problem = 'is not published';
  for (const href of new Set(search.urls.map((url) => url.href))) {
    const document = await getDocument(discovery, new URL(href), search.who);
    if (!document) continue;
    const wrong = search.problemWith(document);
    if (wrong === undefined) return { document };
    problem = wrong;
  }
  return { problem };
}

/** @returns `undefined` where there is none; some servers answer any path with a page. */
async function getDocument(discovery: Discovery, url: URL, who: string): Promise<JsonObject | undefined> {
  const { outbound, timeLeftMs, now } = discovery;
  try {
    const { status, headers, json } = await outbound.json({ url, timeoutMs: timeLeftMs() });
    const passing = passingFailure(who, status, readRetryAfter(headers['retry-after'], now()));
    if (passing) throw passing;
    return status === 200 && isJsonObject(json) ? json : undefined;
  } catch (error) {
    const failure = error instanceof McpError ? error : requestFailure(error, who);
    if (failure.code === 'authorization_invalid') return undefined;
    throw failure;
  }
}

/** Where metadata about `subject` is: before its path (https://www.rfc-editor.org/rfc/rfc8615). */
export function wellKnown(subject: URL, suffix: string): URL {
  return new URL(`/.well-known/${suffix}${pathOf(subject)}${subject.search}`, subject);
}

/** Empty for the root. */
export function pathOf(url: URL): string {
  return url.pathname.replace(/\/$/, '');
}

/** A URL that somebody else named. @throws McpError `address_refused` */
export function namedUrl(text: unknown, name: string, o: { outbound: Outbound; needsTls: boolean }): URL {
  try {
    return checkUrl(typeof text === 'string' ? text : '', { rules: o.outbound.rules, name, needsTls: o.needsTls });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new McpError('address_refused', error.message, { sent: false, answered: false });
  }
}
