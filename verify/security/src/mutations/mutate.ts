import type { Random } from '@agent-platform/harness';

export const MUTATIONS = ['substitution', 'deletion', 'insertion', 'case'] as const;
export type Mutation = (typeof MUTATIONS)[number];

/** What tokens are made of, and now and then a character that no token has. */
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const FOREIGN = '_-+/=. ,;:%"\'\\\t\0é–';
const FOREIGN_SHARE = 0.1;

/** Changes one character, and always changes something. */
export function mutate(text: string, kind: Mutation, random: Random): string {
  const character = () => random.pick([...(random.chance(FOREIGN_SHARE) ? FOREIGN : BASE62)]);
  const replace = (at: number, deleted: number, inserted: string) =>
    text.slice(0, at) + inserted + text.slice(at + deleted);
  switch (kind) {
    case 'deletion':
      return replace(random.between(0, text.length - 1), 1, '');
    case 'insertion':
      return replace(random.between(0, text.length), 0, character());
    case 'substitution': {
      const at = random.between(0, text.length - 1);
      for (;;) {
        const other = character();
        if (other !== text[at]) return replace(at, 1, other);
      }
    }
    case 'case': {
      const letters = [...text].flatMap((letter, at) => (/[a-z]/i.test(letter) ? [at] : []));
      const at = random.pick(letters);
      const letter = text[at]!;
      return replace(at, 1, letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase());
    }
  }
}
