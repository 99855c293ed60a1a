// Ports that adapters implement and engines and planes take as arguments.

/** Key-value state with compare-and-set; keys are `/`-separated, values JSON text or bytes. */
export interface Kv {
  get(key: string): Uint8Array | undefined;
  /** Writes durably before it returns. @returns false when `expected` does not match the present value (undefined: must be absent; null: any). */
  put(key: string, value: Uint8Array, expected?: Uint8Array | null): boolean;
  delete(key: string): void;
  list(prefix: string): readonly string[];
  /** All or nothing. */
  transaction<T>(work: () => T): T;
  close(): void;
}

/** Wraps and unwraps data keys; a generated key file, a passphrase, later a KMS. */
export interface KeyWrap {
  readonly name: string;
  wrap(plain: Uint8Array, context: string): Promise<Uint8Array>;
  /** @throws CullisError key.unavailable when the key is wrong or the bytes were changed */
  unwrap(wrapped: Uint8Array, context: string): Promise<Uint8Array>;
}

export interface FetchRequest {
  readonly url: string;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly timeoutMs: number;
  readonly bodyBytesMax: number;
}
export interface FetchResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}
/** Outgoing HTTP for engines. Refuses redirects, private addresses unless allowed, and answers beyond the limits. */
export type Fetch = (request: FetchRequest) => Promise<FetchResponse>;
