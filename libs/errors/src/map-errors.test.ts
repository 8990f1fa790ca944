import { expect, it } from 'vitest';
import { mapErrors } from './map-errors.ts';

it('maps what methods throw and reject with, and nothing else', async () => {
  const methods = mapErrors(
    {
      answer: async (value: number) => value + 1,
      reject: async () => Promise.reject(new Error('rejected')),
      throws(): Promise<void> {
        throw new Error('thrown');
      },
    },
    (error) => new Error(`mapped: ${(error as Error).message}`),
  );
  expect(await methods.answer(1)).toBe(2);
  await expect(methods.reject()).rejects.toThrow('mapped: rejected');
  await expect(methods.throws()).rejects.toThrow('mapped: thrown');
});
