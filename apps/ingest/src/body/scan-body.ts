import { isUtf8 } from 'node:buffer';
import { invalidJson, notAnObject, scanError } from './body-errors.ts';
import { scanJson, type JsonScan } from './scan-json.ts';

const MAX_DEPTH = 64;

/**
 * Where the members of the JSON object that a body is stand.
 *
 * @param maxKeys - of all its objects together.
 * @throws AppError `invalid_argument` when the body is no such object, or too much of one.
 */
export function scanBody(body: Buffer, maxKeys: number): JsonScan['members'] {
  if (body.length === 0) throw invalidJson('The body is empty. Send a JSON object.');
  if (!isUtf8(body)) throw invalidJson('The body is not valid UTF-8.');
  const limits = { maxDepth: MAX_DEPTH, maxKeys };
  const scan = scanJson(body, limits);
  if (scan.problem !== undefined) throw scanError(body, scan, limits);
  if (!scan.isObject) throw notAnObject();
  return scan.members;
}

/** The value of a member. Of a key that comes twice the last one counts, as with JSON.parse. */
export function memberOf(body: Buffer, members: JsonScan['members'], name: string): unknown {
  for (let i = members.length - 4; i >= 0; i -= 4) {
    if (textAt(body, members[i]!, members[i + 1]!) !== name) continue;
    return JSON.parse(body.toString('utf8', members[i + 2], members[i + 3])) as unknown;
  }
  return undefined;
}

/** What stands between two quotes. */
export function textAt(body: Buffer, from: number, to: number): string {
  const text = body.toString('utf8', from, to);
  return text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text;
}
