import { create, type JsonValue } from '@bufbuild/protobuf';
import { FieldMaskSchema, type FieldMask } from '@bufbuild/protobuf/wkt';
import { AppError, isJsonObject } from '@agent-platform/service';
import { invalidRequest } from '../invalid-request.ts';
import { findField, type Binding } from './binding.ts';

/**
 * Which fields a PATCH writes: those of the query's `update_mask`, or else those the body names. A map or a message is
 * written as a whole.
 */
export function readUpdateMask(binding: Binding, query: URLSearchParams, body: JsonValue | undefined): FieldMask {
  const { updateMask, body: target } = binding;
  const resource = typeof target === 'object' ? target.message : undefined;
  if (!updateMask || !resource || !isJsonObject(body))
    throw new Error(`${binding.rpc.name} cannot have an update mask`);
  const explicit = query.get(updateMask.name) ?? query.get(updateMask.jsonName);
  const inPath = binding.variables.map((variable) => spell(variable.slice(1)));
  const paths = new Set<string>();
  for (const name of explicit?.split(',').map((text) => text.trim()) ?? Object.keys(body)) {
    const field = findField(resource, name);
    const description = `unknown field "${name.slice(0, 100)}"`;
    if (!field) throw invalidRequest([{ field: explicit === null ? name : updateMask.name, description }]);
    if (!inPath.includes(spell(field))) paths.add(spell(field));
  }
  if (paths.size > 0) return create(FieldMaskSchema, { paths: [...paths] });
  throw new AppError('invalid_argument', 'nothing_to_update', 'The request changes nothing. Name at least one field.');
}

function spell(path: readonly { readonly name: string }[]): string {
  return path.map(({ name }) => name).join('.');
}
