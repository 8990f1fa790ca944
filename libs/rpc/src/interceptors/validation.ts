import { ValidationError, type Violation } from '@bufbuild/protovalidate';
import { pathToString, type Path } from '@bufbuild/protobuf/reflect';
import { ConnectError, type Interceptor } from '@connectrpc/connect';
import { createValidateInterceptor } from '@connectrpc/validate';
import type { AppError } from '@agent-platform/errors';
import { invalidRequest } from '../invalid-request.ts';
import { expected } from '../json/expected.ts';

/** Refuses requests that break the rules written in their proto, and says which fields do and how. */
export function validation(): Interceptor {
  const validate = createValidateInterceptor();
  return (next) => {
    const validated = validate(next);
    return async (request) => {
      try {
        return await validated(request);
      } catch (error) {
        throw error instanceof ConnectError && error.cause instanceof ValidationError
          ? violated(error.cause.violations)
          : error;
      }
    };
  };
}

function violated(violations: readonly Violation[]): AppError {
  return invalidRequest(
    violations.map(({ ruleId, field, message }) => ({
      field: pathToString(field),
      description: describe(ruleId, field, message),
    })),
  );
}

function describe(ruleId: string, path: Path, message: string): string {
  const field = path.at(-1);
  // The value that no enum may have in our protos is the one that stands for nothing said.
  if (ruleId === 'enum.not_in' && field?.kind === 'field') return `is required: ${expected(field)}`;
  // Protovalidate says "value does not match …"; which value, the field says.
  return message.replace(/^value /, '');
}
