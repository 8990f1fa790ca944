/** What a data key is for. A wrapped key opens for nothing else. */
export interface DataKeyPurpose {
  readonly orgId: string;
  /** Of the tenant's data key. */
  readonly version: number;
}

export interface WrappedKey {
  /** The version of the key-encryption key that it is wrapped by. */
  readonly keyVersion: number;
  /** Whatever the implementation needs to open it again. */
  readonly wrapped: Uint8Array;
}

/**
 * Wraps data keys by key-encryption keys, which never leave it: a ring of keys in memory, or a key management service
 * where `keyVersion` says which of its keys. A service that binds an encryption context is given the purpose as one.
 * It is asked when a data key is made, re-wrapped, or not in memory; never inside a database transaction.
 */
export interface KeyEncryption {
  /** What is wrapped from now on uses it. Versions count upward: what is wrapped by a lower one is re-wrapped. */
  readonly currentVersion: number;
  wrap(purpose: DataKeyPurpose, plain: Uint8Array): Promise<WrappedKey>;
  /**
   * @throws AppError `credential_unreadable` when the version is not known, or anything about key or purpose was changed;
   *   of kind `unavailable` when it cannot be asked right now.
   */
  unwrap(purpose: DataKeyPurpose, key: WrappedKey): Promise<Uint8Array>;
}
