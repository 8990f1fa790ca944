import type { VersionedKeys } from '../versioned-keys.ts';
import type { Encrypted } from './aead.ts';
import { keyOf } from './key-ring.ts';
import { openWith, type SecretPlace } from './sealing.ts';

/**
 * Opens what was sealed by a key-encryption key itself. Nothing is sealed so any more, and rows that are become
 * re-sealed in the background; until then, they are read as they are.
 *
 * @throws AppError `credential_unreadable`
 */
export function openDirectlySealed(
  ring: VersionedKeys,
  place: SecretPlace,
  sealed: Encrypted & { readonly keyVersion: number },
): string {
  return openWith(keyOf(ring, sealed.keyVersion), place, sealed.keyVersion, sealed);
}
