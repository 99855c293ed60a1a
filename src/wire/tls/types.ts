// Words shared by both sides of TLS.

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

/** Own key and certificate chain; the key is a secret and never leaves this value. */
export interface TlsIdentity {
  /** PEM, leaf first. */
  readonly certChainPem: string;
  /** PEM, PKCS#8. */
  readonly privateKeyPem: string;
}

export type PeerVerdict =
  | {
      readonly ok: true;
      /** SPIFFE id. */ readonly identity: string;
      readonly serial: string;
      /** The certificate proves nothing, and the connection goes on as if there were none. */
      readonly ignored?: true;
      /** When the peer's proof ends. */ readonly notAfterMs?: number;
      readonly notBeforeMs?: number;
      /** Hex SHA-256 of the root that vouches for it. */ readonly root?: string;
    }
  | { readonly ok: false; /** Lower-case, for the journal. */ readonly reason: string };

/** Judges the chain that the peer showed, leaf first, DER; empty when it showed none. */
export type VerifyPeer = (chainDer: readonly Uint8Array[]) => PeerVerdict;
