import {
  getOption,
  hasOption,
  type DescField,
  type DescMessage,
  type DescMethod,
  type DescMethodUnary,
} from '@bufbuild/protobuf';
import { FieldMaskSchema } from '@bufbuild/protobuf/wkt';
import { http, type HttpRule } from '@agent-platform/proto';
import { key } from '../methods.ts';
import { parsePattern, type PathPattern } from './pattern.ts';

/** One HTTP method and path of an RPC, from its google.api.http option, with everything looked up. */
export interface Binding {
  readonly rpc: DescMethodUnary;
  readonly httpMethod: string;
  readonly path: string;
  readonly pattern: PathPattern;
  /** The fields the variables of the path set, in their order. */
  readonly variables: readonly FieldPath[];
  /** `*`: the body is the request; a field: the body is that field; none: there is no body. */
  readonly body: DescField | '*' | undefined;
  /** The field of the response that is answered, instead of the whole. */
  readonly responseBody: DescField | undefined;
  /** Whether it makes a resource: https://google.aip.dev/133. */
  readonly creates: boolean;
  /** The field that says which fields a PATCH writes. */
  readonly updateMask: DescField | undefined;
}

/** From the request down to the field. */
export type FieldPath = readonly DescField[];

/**
 * @throws Error when the option names a field that is not there, or uses a pattern that is not supported: found out at
 * start, not by the first request.
 */
export function bindingsOf(methods: readonly DescMethod[]): Binding[] {
  return methods
    .filter((method) => hasOption(method, http))
    .flatMap((method) => {
      if (!isUnary(method)) throw new Error(`${key(method)}: only unary methods can have an HTTP rule`);
      const rule = getOption(method, http);
      return [rule, ...rule.additionalBindings].map((each) => bind(method, each));
    });
}

function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === 'unary';
}

function bind(rpc: DescMethodUnary, { pattern, body, responseBody }: HttpRule): Binding {
  if (pattern.case === undefined || pattern.case === 'custom') throw new Error(`${key(rpc)}: unsupported HTTP rule`);
  const parsed = parsePattern(pattern.value);
  const fieldIn = (message: DescMessage, name: string) => {
    const field = message.fields.find((candidate) => candidate.name === name);
    if (!field) throw new Error(`${key(rpc)}: its HTTP rule names ${name}, which ${message.typeName} does not have`);
    return field;
  };
  const mask = rpc.input.fields.find((field) => field.message?.typeName === FieldMaskSchema.typeName);
  return {
    rpc,
    httpMethod: pattern.case.toUpperCase(),
    path: pattern.value,
    pattern: parsed,
    variables: parsed.variables.map((name) => {
      const path = findField(rpc.input, name);
      if (path?.at(-1)?.fieldKind !== 'scalar') throw new Error(`${key(rpc)}: {${name}} is not a scalar field`);
      return path;
    }),
    body: body === '*' ? '*' : body ? fieldIn(rpc.input, body) : undefined,
    responseBody: responseBody ? fieldIn(rpc.output, responseBody) : undefined,
    creates: pattern.case === 'post' && rpc.name.startsWith('Create') && responseBody !== '',
    updateMask: pattern.case === 'patch' ? mask : undefined,
  };
}

/** The field a dotted name such as `agent.id` leads to; each part in either spelling. */
export function findField(message: DescMessage, name: string): FieldPath | undefined {
  const path: DescField[] = [];
  let within: DescMessage | undefined = message;
  for (const part of name.split('.')) {
    const field: DescField | undefined = within?.fields.find(
      ({ name, jsonName }) => name === part || jsonName === part,
    );
    if (!field) return undefined;
    path.push(field);
    within = field.fieldKind === 'message' ? field.message : undefined;
  }
  return path;
}
