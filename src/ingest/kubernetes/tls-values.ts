// The one way by which values of Secrets leave a manifest: key pairs and CA bundles for TLS listeners, beside the System and never in it.
import { inspect } from 'node:util';
import { isObject } from '../check.ts';

/** Names of the values that TLS is made of (Kubernetes, `kubernetes.io/tls` Secrets). */
const NAMES = ['tls.crt', 'tls.key', 'ca.crt'] as const;
export type TlsValueName = (typeof NAMES)[number];
const VALUE_CHARS_MAX = 1024 * 1024;

/**
 * TLS values of the Secrets of one reading. It gives them out by name and shows them to nobody else: not to JSON, not to a log.
 * @example const values = new TlsValues(); readSystem(sources, { tlsValues: values }); values.get('shop/edge-cert', 'tls.key')
 */
export class TlsValues {
  readonly #secrets = new Map<string, ReadonlyMap<TlsValueName, string>>();

  /** Looks at a document; what is no Secret with such values is left alone. @param raw as parsed, before its values are dropped */
  take(raw: unknown, defaultNamespace: string): void {
    if (!isObject(raw) || raw['kind'] !== 'Secret' || raw['apiVersion'] !== 'v1' || 'sops' in raw) return;
    const { metadata } = raw;
    if (!isObject(metadata) || typeof metadata['name'] !== 'string') return;
    const namespace = typeof metadata['namespace'] === 'string' ? metadata['namespace'] : defaultNamespace;
    const found = new Map<TlsValueName, string>();
    for (const name of NAMES) {
      const value = valueOf(raw, name);
      if (value !== undefined) found.set(name, value);
    }
    if (found.size > 0) this.#secrets.set(`${namespace}/${metadata['name']}`, found);
  }

  /** Whether a Secret has any of these values. @param id `namespace/name` */
  has(id: string): boolean {
    return this.#secrets.has(id);
  }

  /** A value as text, PEM when the Secret is right. @param id `namespace/name` */
  get(id: string, name: TlsValueName): string | undefined {
    return this.#secrets.get(id)?.get(name);
  }

  toJSON(): string {
    return '[secret values]';
  }

  [inspect.custom](): string {
    return '[secret values]';
  }
}

/** `stringData` wins over `data`, which is base64 (Kubernetes, Secret). */
function valueOf(raw: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const text = isObject(raw['stringData']) ? raw['stringData'][name] : undefined;
  if (typeof text === 'string' && text.length <= VALUE_CHARS_MAX) return text;
  const encoded = isObject(raw['data']) ? raw['data'][name] : undefined;
  if (typeof encoded !== 'string' || encoded.length > VALUE_CHARS_MAX) return undefined;
  return Buffer.from(encoded, 'base64').toString('latin1');
}
