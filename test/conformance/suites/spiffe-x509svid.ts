// go-spiffe's cases for X.509-SVIDs: parsing with a key, and verification against bundles.
import { join } from 'node:path';
import { certificatesOf } from '#pki/pem.ts';
import { createTrustBundle } from '#pki/trust-bundle.ts';
import { parseX509Svid, verifyX509Svid } from '#pki/x509-svid.ts';
import type { X509SvidFault } from '#pki/x509-svid.ts';
import { readJsonLines } from '../data.ts';
import type { RowResult, Suite } from '../suite.ts';

interface Row {
  id: string;
  op: 'Parse' | 'Verify' | 'ParseAndVerify';
  certPem?: string;
  keyPem?: string;
  chain?: string[];
  chainDer?: string[];
  bundle?: Record<string, string[]> | null;
  time?: string;
  valid: boolean;
  error?: string;
  spiffeId?: string;
  certificates?: number;
}

/** Certificates of the rows live from 2020 to 2049; without a time of its own a row means "now". */
const NOW = Date.parse('2026-01-01T00:00:00Z');

const FAULTS_OF: readonly (readonly [RegExp, X509SvidFault])[] = [
  [/no certificates found|empty certificates/, 'no-certificate'],
  [/no PEM blocks/, 'no-key'],
  [/private key: asn1/, 'key-unreadable'],
  [/does not match private key/, 'key-mismatch'],
  [/CA flag set to true$/, 'leaf'],
  [/keyCertSign|KeyCertSign/, 'leaf'],
  [/signing certificate must have CA/, 'intermediate-ca'],
  [/bundleSource|no X\.509 bundle/, 'no-bundle'],
  [/could not verify leaf/, 'path'],
  [/non-root path|URI SAN/, 'leaf-identity'],
];

function judge(row: Row): string | undefined {
  const outcome =
    row.op === 'Parse'
      ? parseX509Svid(row.certPem!, row.keyPem!)
      : verifyX509Svid(
          row.chainDer?.map((one) => Buffer.from(one, 'base64')) ?? row.chain!.flatMap((pem) => certificatesOf(pem)),
          row.bundle ? createTrustBundle(row.bundle) : undefined,
          row.time === undefined ? NOW : Date.parse(row.time),
        );
  if (outcome.ok !== row.valid) return `expected valid=${row.valid}, got ${outcome.ok ? 'valid' : outcome.reason}`;
  if (outcome.ok) {
    if (row.spiffeId !== undefined && outcome.identity !== row.spiffeId) return `identity ${outcome.identity}`;
    const { certificates } = outcome as { certificates?: readonly unknown[] };
    if (row.certificates !== undefined && certificates?.length !== row.certificates) return 'number of certificates';
    return undefined;
  }
  const matches = FAULTS_OF.filter(([pattern]) => pattern.test(row.error!)).map(([, code]) => code);
  // "signing certificate … CA flag set to true" also looks like the leaf's own fault: the more special pattern stands later in the table.
  const wanted = matches.at(-1);
  return wanted === outcome.code ? undefined : `expected ${wanted} (${row.error}), got ${outcome.code}: ${outcome.reason}`;
}

export const suite = {
  name: 'spiffe-x509svid',
  needs: 'dataplane/spiffe-x509svid.jsonl.gz',
  run({ dir }): Promise<RowResult[]> {
    const rows = readJsonLines<Row>(join(dir, 'dataplane/spiffe-x509svid.jsonl.gz'));
    return Promise.resolve(
      rows.map((row) => {
        const why = judge(row);
        return why === undefined ? { id: row.id, pass: true } : { id: row.id, pass: false, why };
      }),
    );
  },
} satisfies Suite;
