// Throw-away certificates for tests of the wire: a CA and leaves with a SPIFFE id, written straight in DER so that no other layer is needed.
import { type KeyObject, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const size: number[] = [];
  for (let rest = content.length; rest > 0; rest >>>= 8) size.unshift(rest & 0xff);
  const length = content.length < 0x80 ? [content.length] : [0x80 | size.length, ...size];
  return Buffer.concat([Uint8Array.from([tag, ...length]), content]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const name = (text: string): Buffer => sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(text)))));
const time = (text: string): Buffer => der(0x18, Buffer.from(text));
const extension = (hex: string, critical: boolean, value: Buffer): Buffer =>
  sequence(oid(hex), ...(critical ? [der(0x01, Uint8Array.of(0xff))] : []), der(0x04, value));
const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'));

export interface FakeCertificate {
  readonly certPem: string;
  readonly keyPem: string;
  readonly key: KeyObject;
  readonly subject: string;
}

/** @param uri SPIFFE id of a leaf, or `dns:host` for a server's name; undefined makes a CA @param issuer undefined signs itself */
export function fakeCertificate(subject: string, uri: string | undefined, issuer?: FakeCertificate): FakeCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ca = uri === undefined;
  const extensions = [
    extension('551d13', true, ca ? sequence(der(0x01, Uint8Array.of(0xff))) : sequence()),
    extension('551d0f', true, der(0x03, Uint8Array.from(ca ? [1, 0x06] : [7, 0x80]))),
    ...(ca
      ? []
      : [
          extension(
            '551d11',
            false,
            sequence(uri.startsWith('dns:') ? der(0x82, Buffer.from(uri.slice(4))) : der(0x86, Buffer.from(uri))),
          ),
        ]),
  ];
  const body = sequence(
    der(0xa0, der(0x02, Uint8Array.of(2))),
    der(0x02, Uint8Array.of(0x40, ...randomBytes(7))),
    ECDSA_SHA256,
    name(issuer?.subject ?? subject),
    sequence(time('20200101000000Z'), time('20991231235959Z')),
    name(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', body, issuer?.key ?? privateKey);
  const bytes = sequence(body, ECDSA_SHA256, der(0x03, Uint8Array.of(0), signature));
  return {
    certPem: `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    key: privateKey,
    subject,
  };
}
