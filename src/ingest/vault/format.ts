// What a vault says of its secrets, as `vault … -format=json` and the HTTP API print it: when a value last changed. Values themselves never enter the System.
import { setOrigin } from '#model/origin.ts';
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { isObject } from '../check.ts';
import type { RawObject } from '../check.ts';
import type { Format } from '../format.ts';

interface Change {
  /** From the document's root. */
  readonly path: Path;
  /** RFC 3339. */
  readonly changed: string;
}

/** `vault kv metadata get`, `vault kv get`, `vault read database/static-creds/…`, `vault write auth/approle/role/…/secret-id/lookup`. */
export const VAULT_METADATA: Format = {
  name: 'Vault metadata',
  matches: (raw) => changeOf(raw) !== undefined,
  read(raw, origin, file) {
    const change = changeOf(raw);
    if (!change) return [];
    const resource: Resource = {
      apiVersion: 'vault',
      kind: 'VaultSecret',
      metadata: { name: file, namespace: '', labels: {}, annotations: {} },
      spec: change,
      body: {},
    };
    setOrigin(resource, origin);
    return [{ resource, part: { type: 'vaultSecret' }, group: 'vault', row: undefined, owned: false }];
  },
};

function changeOf({ data }: RawObject): Change | undefined {
  if (!isObject(data)) return undefined;
  const { versions, current_version: current, metadata } = data;
  if (isObject(versions) && (typeof current === 'number' || typeof current === 'string')) {
    const version = versions[String(current)];
    return isObject(version) ? timed(version, 'created_time', ['data', 'versions', String(current)]) : undefined;
  }
  if (isObject(metadata) && 'version' in metadata) return timed(metadata, 'created_time', ['data', 'metadata']);
  if ('last_vault_rotation' in data) return timed(data, 'last_vault_rotation', ['data']);
  return 'secret_id_accessor' in data ? timed(data, 'creation_time', ['data']) : undefined;
}

function timed(object: RawObject, name: string, path: Path): Change | undefined {
  const changed = object[name];
  return typeof changed === 'string' && /^\d{4}-\d\d-\d\dT/.test(changed) ? { path: [...path, name], changed } : undefined;
}
