import { expect, it } from 'vitest';
import { readOptions } from './options.ts';

const KNOWN = ['mutations', 'revocation', 'canary'];

it('runs everything unless told what', () => {
  expect(readOptions([], KNOWN)).toMatchObject({ only: KNOWN });
  expect(readOptions(['--only', 'canary', '--only', 'mutations', '--seed', 's'], KNOWN)).toEqual({
    only: ['canary', 'mutations'],
    seed: 's',
  });
});

it('refuses what it does not know', () => {
  expect(() => readOptions(['--only', 'nothing'], KNOWN)).toThrow(
    'nothing is not one of mutations, revocation, canary',
  );
  expect(() => readOptions(['--fast'], KNOWN)).toThrow();
});
