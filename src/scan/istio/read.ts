// Mesh configuration from text, however wrong it is: what admission would refuse is read too, because the messages are about just that.
import { X509Certificate } from 'node:crypto';
import { setOrigin } from '#model/origin.ts';
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { eachYamlDocument } from '#syntax/yaml.ts';
import type { YamlDocument } from '#syntax/yaml.ts';
import { asObject, memberOf, objectAt, recordAt, textAt } from '#base/raw.ts';
import type { CredentialFacts, MeshConfigSet } from './mesh-index.ts';

const LIST_DEPTH_MAX = 8;

/**
 * Reads manifests as they are written: no namespace is filled in and no field checked. Values of Secrets are not kept; from when
 * until when a certificate is valid is.
 */
export function readMeshConfig(sources: readonly { readonly file: string; readonly text: string | Uint8Array }[]): MeshConfigSet {
  const resources: Resource[] = [];
  const credentials = new Map<string, CredentialFacts>();
  const take = (raw: unknown, document: YamlDocument, path: Path, depth: number): void => {
    const items = memberOf(raw, 'items');
    if (Array.isArray(items) && (textAt(raw, 'kind') ?? '').endsWith('List')) {
      if (depth < LIST_DEPTH_MAX) items.forEach((item, i) => take(item, document, [...path, 'items', i], depth + 1));
      return;
    }
    const resource = resourceOf(raw);
    if (!resource) return;
    setOrigin(resource, { locate: (inner) => document.locate([...path, ...inner]) });
    resources.push(resource);
    if (resource.kind === 'Secret') {
      const { namespace, name } = resource.metadata;
      credentials.set(`${namespace}/${name}`, credentialFacts(raw));
    }
  };
  for (const { file, text } of sources) {
    eachYamlDocument(file, text, (document) => take(document.value, document, [], 0));
  }
  return { resources, credentials };
}

function resourceOf(raw: unknown): Resource | undefined {
  const object = asObject(raw);
  const apiVersion = textAt(raw, 'apiVersion');
  const kind = textAt(raw, 'kind');
  if (!object || apiVersion === undefined || kind === undefined) return undefined;
  const written = objectAt(raw, 'metadata');
  const created = textAt(written, 'creationTimestamp');
  const metadata = {
    name: textAt(written, 'name') ?? '',
    namespace: textAt(written, 'namespace') ?? '',
    labels: recordAt(written, 'labels'),
    annotations: recordAt(written, 'annotations'),
    ...(created !== undefined && { creationTimestamp: created }),
  };
  const body: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(object)) {
    if (NOT_BODY.has(name)) continue;
    body[name] = kind === 'Secret' && VALUES.has(name) ? keysOf(member) : member;
  }
  return { apiVersion, kind, metadata, spec: object['spec'], body };
}

const NOT_BODY = new Set(['apiVersion', 'kind', 'metadata', 'spec', '__proto__']);
const VALUES = new Set(['data', 'stringData']);

function keysOf(value: unknown): Readonly<Record<string, null>> {
  return Object.fromEntries(Object.keys(asObject(value) ?? {}).map((key) => [key, null]));
}

/** Names of certificate and key that gateways look for in a Secret. */
const PAIRS = [
  ['tls.crt', 'tls.key'],
  ['cert', 'key'],
] as const;

function credentialFacts(raw: unknown): CredentialFacts {
  const value = (key: string): string | undefined => {
    const encoded = textAt(memberOf(raw, 'data'), key);
    return encoded === undefined ? textAt(memberOf(raw, 'stringData'), key) : Buffer.from(encoded, 'base64').toString('latin1');
  };
  for (const [certificateKey, privateKey] of PAIRS) {
    const certificate = value(certificateKey);
    if (certificate === undefined || value(privateKey) === undefined) continue;
    try {
      const { validFrom, validTo } = new X509Certificate(certificate);
      return { usable: true, notBefore: Date.parse(validFrom), notAfter: Date.parse(validTo) };
    } catch {
      return { usable: false };
    }
  }
  return { usable: false };
}
