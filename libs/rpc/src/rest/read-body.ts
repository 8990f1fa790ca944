import type { JsonValue } from '@bufbuild/protobuf';
import type { FastifyRequest } from 'fastify';
import { AppError } from '@agent-platform/errors';
import { parseJson } from '../json/parse.ts';
import type { Binding } from './binding.ts';

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json *(?:;|$)/i;

/** The JSON of the body; undefined when it is empty, or the method takes none. */
export function readBody(binding: Binding, request: FastifyRequest): JsonValue | undefined {
  const body = request.body;
  if (!binding.body || !Buffer.isBuffer(body) || body.length === 0) return undefined;
  if (!JSON_TYPE.test(request.headers['content-type'] ?? '')) {
    throw unsupported('Send the body as JSON, with the header Content-Type: application/json.');
  }
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw unsupported('Send the body uncompressed, without Content-Encoding.');
  return parseJson(body);
}

function unsupported(message: string): AppError {
  return new AppError('unsupported_media_type', 'unsupported_media_type', message);
}
