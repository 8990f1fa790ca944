import { ValidationError, type Violation } from '@bufbuild/protovalidate';
import { pathToString } from '@bufbuild/protobuf/reflect';
import { ConnectError, type Interceptor } from '@connectrpc/connect';
import { createValidateInterceptor } from '@connectrpc/validate';
import type { AppError } from '@agent-platform/service';
import { invalidRequest } from '../invalid-request.ts';

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
    violations.map(({ field, message }) => ({
      field: pathToString(field),
      // Protovalidate says "value does not match …"; which value, the field says.
      description: message.replace(/^value /, ''),
    })),
  );
}
