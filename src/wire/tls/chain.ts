import { hash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { messageOf } from '#base/errors.ts';
import type { ConnectionInfo } from '../types.ts';
import type { PeerVerdict, VerifyPeer } from './types.ts';

/** Certificates read of one chain. */
const CHAIN_MAX = 10;

/** The chain that the peer showed, leaf first, as DER copies; empty when it showed none. */
export function peerChain(socket: TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = [];
  for (
    let certificate = socket.getPeerX509Certificate();
    certificate && chain.length < CHAIN_MAX;
    certificate = certificate.issuerCertificate
  ) {
    chain.push(Uint8Array.from(certificate.raw));
  }
  return chain;
}

/** Asks `verifyPeer`; a certificate that makes it throw is refused like any other bad one, and takes no process down. */
export function judgeChain(verifyPeer: VerifyPeer, chain: readonly Uint8Array[]): PeerVerdict {
  try {
    return verifyPeer(chain);
  } catch (error) {
    return { ok: false, reason: `the certificate could not be read: ${messageOf(error)}` };
  }
}

/** What a connection keeps of its peer's proof. */
export type PeerFacts = Pick<
  NonNullable<ConnectionInfo['tls']>,
  'peerIdentity' | 'peerSerial' | 'peerNotBeforeMs' | 'peerNotAfterMs' | 'peerRoot' | 'peerHash' | 'peerSubject'
>;

/** Of a peer that showed no certificate. */
export const NO_PEER: PeerFacts = { peerIdentity: '', peerSerial: '' };

/** @param leaf DER of the certificate that was accepted @param socket it came over */
export function peerFacts(verdict: Extract<PeerVerdict, { readonly ok: true }>, leaf: Uint8Array, socket: TLSSocket): PeerFacts {
  const { identity, serial, notBeforeMs, notAfterMs, root } = verdict;
  // Node gives undefined for an empty one, whatever its types say, and one line for each part, the most general first.
  const subject = socket.getPeerX509Certificate()?.subject as string | undefined;
  return {
    peerIdentity: identity,
    peerSerial: serial,
    ...(notBeforeMs !== undefined && { peerNotBeforeMs: notBeforeMs }),
    ...(notAfterMs !== undefined && { peerNotAfterMs: notAfterMs }),
    ...(root !== undefined && { peerRoot: root }),
    peerHash: hash('sha256', leaf, 'hex'),
    ...(subject && { peerSubject: subject.split('\n').toReversed().join(',') }),
  };
}
