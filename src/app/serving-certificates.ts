// What Gateways refer to for TLS, found and judged before a plan is made of it: key pairs of listeners, authorities of clients and backends.
import { createHash, createPrivateKey, type KeyObject } from 'node:crypto';
import { isKeyPair, keyFault, publicKeyOf, readCertificate, type Certificate } from '#pki/certificate.ts';
import { DerError } from '#pki/der.ts';
import { validityFault } from '#pki/path.ts';
import { certificatesOf, toPem } from '#pki/pem.ts';
import { anchorFault } from '#pki/trust-bundle.ts';
import type { TlsValues } from '#ingest/kubernetes/tls-values.ts';
import type { ObjectRef } from '#model/gateway.ts';
import type { ServingCertificate, TlsMaterial } from '#model/observed.ts';
import type { System } from '#model/system.ts';
import { credentialId } from '#plan/egress-rule.ts';

/** Certificates in one bundle. */
const BUNDLE_MAX = 512;
const CHAIN_MAX = 8;

export interface ResolvedTls {
  readonly material: TlsMaterial;
  /** Private keys, PKCS#8 PEM by key id: secrets. */
  readonly keys: Readonly<Record<string, string>>;
}

/**
 * Reads what the Gateways and BackendTLSPolicies of a System refer to. Nothing is trusted as it is: a pair that does not fit, has ended, or cannot be
 * read is a text that says so, and whoever refers to it stays closed.
 * @param values of the same reading as the System
 */
export function resolveTls(system: System, values: TlsValues, nowMs: number): ResolvedTls {
  const certificates: Record<string, ServingCertificate | string> = Object.create(null);
  const authorities: Record<string, readonly string[] | string> = Object.create(null);
  const keys: Record<string, string> = Object.create(null);
  const present = new Set(system.resources.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`));
  for (const { ref, namespace, use } of references(system)) {
    const target = `${ref.namespace ?? namespace}/${ref.name}`;
    const id = `${ref.kind} ${target}`;
    if (!present.has(id)) continue;
    if (use === 'authority') authorities[id] ??= authorityOf(system, values, ref.kind, target);
    else if (ref.kind === 'Secret' && certificates[id] === undefined) {
      const found = pairOf(values, target, nowMs);
      certificates[id] = typeof found === 'string' ? found : found.certificate;
      if (typeof found !== 'string') keys[found.certificate.keyId] = found.privateKeyPem;
    }
  }
  return { material: { certificates: { ...certificates }, authorities: { ...authorities } }, keys: { ...keys } };
}

function* references(
  system: System,
): Generator<{ readonly ref: ObjectRef; readonly namespace: string; readonly use: 'certificate' | 'authority' }> {
  for (const { metadata, spec } of system.gateways) {
    const { namespace } = metadata;
    const validations = [
      spec.frontend?.validation,
      ...(spec.frontend?.perPort ?? []).map(({ validation }) => validation),
      ...spec.listeners.map(({ tls }) => tls?.clientValidation),
    ];
    for (const { tls } of spec.listeners)
      for (const ref of tls?.certificateRefs ?? []) yield { ref, namespace, use: 'certificate' };
    if (spec.backendCertificate) yield { ref: spec.backendCertificate, namespace, use: 'certificate' };
    for (const validation of validations)
      for (const ref of validation?.caCertificateRefs ?? []) yield { ref, namespace, use: 'authority' };
  }
  for (const { namespace, spec } of system.destinationRules) {
    const { tls, portLevelSettings = [] } = spec.trafficPolicy ?? {};
    for (const each of [tls, ...portLevelSettings.map((level) => level.tls)]) {
      if (!each?.credentialName || (each.mode !== 'SIMPLE' && each.mode !== 'MUTUAL')) continue;
      const [space, name = ''] = credentialId(each.credentialName, namespace).split('/');
      if (space !== namespace) continue;
      for (const kind of ['Secret', 'ConfigMap']) yield { ref: { kind, name }, namespace, use: 'authority' };
      if (each.mode === 'MUTUAL') yield { ref: { kind: 'Secret', name }, namespace, use: 'certificate' };
    }
  }
  for (const { metadata, spec } of system.backendTlsPolicies)
    for (const ref of spec.validation.caCertificateRefs) yield { ref, namespace: metadata.namespace, use: 'authority' };
}

/** A key pair, or what is wrong with it, to be put after the Secret's name; nothing of a value is in it. */
function pairOf(
  values: TlsValues,
  id: string,
  nowMs: number,
): { readonly certificate: ServingCertificate; readonly privateKeyPem: string } | string {
  const chainText = values.get(id, 'tls.crt');
  const keyText = values.get(id, 'tls.key');
  if (chainText === undefined) return 'has no readable `tls.crt`';
  if (keyText === undefined) return 'has no readable `tls.key`';
  const chain = certificatesOf(chainText);
  if (chain.length === 0) return 'holds no certificate in `tls.crt`';
  if (chain.length > CHAIN_MAX) return `holds more than ${CHAIN_MAX} certificates in \`tls.crt\``;
  let leaf: Certificate;
  let publicKey: KeyObject;
  try {
    for (const der of chain) readCertificate(der);
    leaf = readCertificate(chain[0]!);
    publicKey = publicKeyOf(leaf);
  } catch (error) {
    return `holds a certificate that cannot be read${error instanceof DerError ? `: ${error.message}` : ''}`;
  }
  const weak = keyFault(publicKey);
  if (weak !== undefined) return `holds a certificate with ${weak}`;
  const life = validityFault(leaf, nowMs);
  if (life !== undefined) return `holds a certificate that ${life}`;
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(keyText);
  } catch {
    return 'holds a private key that cannot be read';
  }
  if (!isKeyPair(publicKey, privateKey)) return "holds a private key that is not the certificate's";
  return {
    certificate: {
      chainPem: chain.map((der) => toPem('CERTIFICATE', der)).join(''),
      keyId: createHash('sha256').update(leaf.publicKeyDer).digest('hex'),
      names: leaf.altNames.dns.map((name) => name.toLowerCase()),
      notBeforeMs: leaf.notBeforeMs,
      notAfterMs: leaf.notAfterMs,
    },
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

/** PEM blocks of a bundle. Every one of them must be an authority that can be read: half a bundle is not what was asked for. */
function authorityOf(system: System, values: TlsValues, kind: string, id: string): readonly string[] | string {
  const text = kind === 'Secret' ? values.get(id, 'ca.crt') : configMapValue(system, id);
  if (text === undefined) return 'has no readable `ca.crt`';
  const blocks = certificatesOf(text);
  if (blocks.length === 0) return 'holds no certificate in `ca.crt`';
  if (blocks.length > BUNDLE_MAX) return `holds more than ${BUNDLE_MAX} certificates in \`ca.crt\``;
  for (const der of blocks) {
    try {
      const fault = anchorFault(readCertificate(der));
      if (fault !== undefined) return `holds a certificate that ${fault.startsWith('a ') ? `has ${fault}` : fault}`;
    } catch (error) {
      return `holds a certificate that cannot be read${error instanceof DerError ? `: ${error.message}` : ''}`;
    }
  }
  return blocks.map((der) => toPem('CERTIFICATE', der));
}

function configMapValue(system: System, id: string): string | undefined {
  const found = system.resources.find(
    ({ kind, metadata }) => kind === 'ConfigMap' && `${metadata.namespace}/${metadata.name}` === id,
  );
  const data = found?.body['data'];
  const value =
    typeof data === 'object' && data !== null && Object.hasOwn(data, 'ca.crt')
      ? (data as Record<string, unknown>)['ca.crt']
      : undefined;
  return typeof value === 'string' ? value : undefined;
}
