type Method = (...args: never[]) => unknown;

/**
 * The same methods, with what they reject with mapped: lets a service turn the errors of what it is built on into
 * `AppError`s in one place.
 */
export function mapErrors<T extends object>(methods: T, map: (error: unknown) => unknown): T {
  const mapped = Object.entries(methods as Record<string, Method>).map(([name, method]) => [
    name,
    async (...args: never[]) => {
      try {
        return await method(...args);
      } catch (error) {
        throw map(error);
      }
    },
  ]);
  return Object.fromEntries(mapped) as T;
}
