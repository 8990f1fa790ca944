import { create, type DescField, type DescMessage, type JsonObject, type JsonValue } from '@bufbuild/protobuf';
import { FieldMaskSchema, type FieldMask } from '@bufbuild/protobuf/wkt';
import { AppError } from '@agent-platform/errors';
import { isJsonObject } from '@agent-platform/json';
import { invalidRequest } from '../invalid-request.ts';
import { findField, type Binding } from './binding.ts';

/**
 * Which fields a PATCH writes: those of the query's `update_mask`, or else those the body names. A message is written as a
 * whole. Of a map the body's entries are written, unless the mask names the map itself.
 */
export function readUpdateMask(binding: Binding, query: URLSearchParams, body: JsonValue | undefined): FieldMask {
  const { updateMask, body: target } = binding;
  const resource = typeof target === 'object' ? target.message : undefined;
  if (!updateMask || !resource || !isJsonObject(body))
    throw new Error(`${binding.rpc.name} cannot have an update mask`);
  const explicit = explicitMask(binding, query);
  const inPath = binding.variables.map((variable) => spell(variable.slice(1)));
  const paths = new Set<string>();
  for (const name of explicit?.split(',').map((text) => text.trim()) ?? Object.keys(body)) {
    const found = explicit === undefined ? entriesOf(resource, name, body[name]) : entryNamed(resource, name);
    const field = findField(resource, name);
    const description = `unknown field "${name.slice(0, 100)}"`;
    if (!found && !field) {
      throw invalidRequest([{ field: explicit === undefined ? name : updateMask.name, description }]);
    }
    for (const path of found ?? [spell(field!)]) if (!inPath.includes(path)) paths.add(path);
  }
  if (paths.size > 0) return create(FieldMaskSchema, { paths: [...paths] });
  throw new AppError('invalid_argument', 'nothing_to_update', 'The request changes nothing. Name at least one field.');
}

/**
 * Takes the entries of maps that a PATCH removes by `null` (https://www.rfc-editor.org/rfc/rfc7396) out of its body: for
 * protobuf they are no values, and the mask names them.
 */
export function dropRemovedEntries(binding: Binding, query: URLSearchParams, body: JsonObject): void {
  if (!binding.updateMask || explicitMask(binding, query) !== undefined || typeof binding.body !== 'object') return;
  for (const [name, value] of Object.entries(body)) {
    if (!isJsonObject(value) || !mapNamed(binding.body.message!, name)) continue;
    body[name] = Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null));
  }
}

function explicitMask({ updateMask }: Binding, query: URLSearchParams): string | undefined {
  return query.get(updateMask!.name) ?? query.get(updateMask!.jsonName) ?? undefined;
}

/** The paths of a map's entries in the body; undefined when it is no map, or `null`, which removes all of it. */
function entriesOf(resource: DescMessage, name: string, value: JsonValue | undefined): string[] | undefined {
  const map = mapNamed(resource, name);
  if (!map || !isJsonObject(value)) return undefined;
  return Object.keys(value).map((key) => `${map.name}.${key}`);
}

/** `labels.color`: what follows the map's name is the key, dots included. */
function entryNamed(resource: DescMessage, name: string): string[] | undefined {
  const dot = name.indexOf('.');
  const map = dot === -1 ? undefined : mapNamed(resource, name.slice(0, dot));
  return map && [`${map.name}.${name.slice(dot + 1)}`];
}

function mapNamed(resource: DescMessage, name: string): DescField | undefined {
  return resource.fields.find((field) => field.fieldKind === 'map' && (field.name === name || field.jsonName === name));
}

function spell(path: readonly { readonly name: string }[]): string {
  return path.map(({ name }) => name).join('.');
}
