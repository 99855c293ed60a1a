// How old secrets are: by annotations, by what a vault says, by the cluster's own time, by the history of their files.
import type { Path } from '#model/origin.ts';
import { resourceId } from '#model/resource.ts';
import type { Resource } from '#model/resource.ts';
import type { System } from '#model/system.ts';
import { objectAt, textAt } from '#base/raw.ts';

export interface SecretAge {
  readonly resource: Resource;
  /** Where the time is written; of the resource itself when it comes from the history. */
  readonly path: Path;
  /** Milliseconds since 1970 of the last change of the value. */
  readonly changed: number;
  /** Whole days until now; negative for a time that has yet to come. */
  readonly days: number;
  /** What says so: an annotation's key, `creationTimestamp`, `history`. */
  readonly by: string;
  /** Days that it may get old: 30 unless the annotation `cullis.dev/max-age` says otherwise. */
  readonly daysMax: number;
}

export const SECRET_DAYS_MAX = 30;
const DAY_MS = 86_400_000;
const MAX_AGE = 'cullis.dev/max-age';

/** Best first: the last rotation counts more than when the object was made. */
const ROTATED = /(?:^|[./-])(?:last-?)?(?:rotat(?:ed|ion)(?:-?(?:at|date|time))?|renewed(?:-?at)?)$/i;
const CREATED =
  /(?:^|[./-])(?:created(?:[-_]?(?:at|time|on))?|creation[-_]?(?:date|time|timestamp)|issued(?:[-_]?at)?|updated[-_]?(?:at|time))$/i;

const KINDS: readonly string[] = [
  'Secret',
  'SealedSecret',
  'ExternalSecret',
  'VaultStaticSecret',
  'VaultDynamicSecret',
  'SecretProviderClass',
  'VaultSecret',
];
const NAMING: readonly string[] = ['ExternalSecret', 'VaultStaticSecret', 'VaultDynamicSecret', 'SecretProviderClass'];
/** Judged by their own dates (certificates), or made and replaced by the cluster. */
const OTHERS: readonly (string | undefined)[] = [
  'kubernetes.io/tls',
  'kubernetes.io/service-account-token',
  'helm.sh/release.v1',
  'bootstrap.kubernetes.io/token',
];

/**
 * The age of every secret whose age is known.
 * @param now milliseconds since 1970
 * @param ages when a value last changed in its file's history, by resource id (`Secret shop/db`)
 */
export function secretAges(system: System, now: number, ages?: ReadonlyMap<string, number>): readonly SecretAge[] {
  return system.resources.flatMap((resource) => {
    if (!KINDS.includes(resource.kind) || OTHERS.includes(textAt(resource.body, 'type')) || isPublic(resource)) return [];
    // What only names a value may stay for years while the value changes.
    const names = NAMING.includes(resource.kind);
    const found = vaultChange(resource) ?? changeOf(resource, names) ?? (names ? undefined : historyOf(resource, ages));
    if (!found) return [];
    const daysMax = daysIn(resource.metadata.annotations[MAX_AGE]) ?? SECRET_DAYS_MAX;
    return [{ resource, ...found, days: Math.floor((now - found.changed) / DAY_MS), daysMax }];
  });
}

/** Certificates and public keys alone: they have dates of their own. */
function isPublic({ kind, body }: Resource): boolean {
  if (kind !== 'Secret') return false;
  const keys = [...Object.keys(objectAt(body, 'data') ?? {}), ...Object.keys(objectAt(body, 'stringData') ?? {})];
  return keys.length > 0 && keys.every((key) => /\.(?:crt|cer|pub)$|^ca(?:-bundle)?\.pem$/.test(key));
}

type Change = Pick<SecretAge, 'path' | 'changed' | 'by'>;

function changeOf(resource: Resource, namesOnly: boolean): Change | undefined {
  const { annotations, creationTimestamp } = resource.metadata;
  const template = objectAt(objectAt(objectAt(resource.spec, 'template'), 'metadata'), 'annotations');
  const places: (readonly [annotations: Readonly<Record<string, unknown>>, path: Path])[] = [
    [annotations, ['metadata', 'annotations']],
  ];
  if (template) places.push([template, ['spec', 'template', 'metadata', 'annotations']]);
  for (const pattern of namesOnly ? [ROTATED] : [ROTATED, CREATED]) {
    for (const [each, path] of places) {
      for (const [key, value] of Object.entries(each)) {
        const time = pattern.test(key.slice(-100)) && typeof value === 'string' ? timeOf(value) : undefined;
        if (time !== undefined) return { path: [...path, key], changed: time, by: key };
      }
    }
  }
  const made = creationTimestamp === undefined || namesOnly ? undefined : timeOf(creationTimestamp);
  return made === undefined ? undefined : { path: ['metadata', 'creationTimestamp'], changed: made, by: 'creationTimestamp' };
}

/** What a vault says of a secret (`ingest/vault`). */
function vaultChange({ kind, spec }: Resource): Change | undefined {
  if (kind !== 'VaultSecret') return undefined;
  const { path, changed } = spec as { readonly path: Path; readonly changed: string };
  const time = timeOf(changed);
  return time === undefined ? undefined : { path, changed: time, by: String(path.at(-1)) };
}

function historyOf(resource: Resource, ages: ReadonlyMap<string, number> | undefined): Change | undefined {
  const changed = ages?.get(resourceId(resource));
  return changed === undefined ? undefined : { path: ['metadata', 'name'], changed, by: 'history' };
}

/** RFC 3339, a date alone, or seconds since 1970; undefined for anything else. */
export function timeOf(text: string): number | undefined {
  const value = text.trim();
  if (/^\d{10}$/.test(value)) return Number(value) * 1000;
  if (/^\d{13}$/.test(value)) return Number(value);
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(?:\s?(Z|[+-]\d\d:?\d\d))?)?$/i.exec(value);
  if (!match) return undefined;
  const [, date, clock = '00:00:00', zone = 'Z'] = match;
  const time = Date.parse(`${date}T${clock}${zone.toUpperCase().replace(/^([+-]\d\d)(\d\d)$/, '$1:$2')}`);
  return Number.isNaN(time) ? undefined : time;
}

/** `90d`, `12w`, `2160h`, or a number of days. */
function daysIn(text: string | undefined): number | undefined {
  const match = /^(\d{1,5})\s?(d|w|h|days?|weeks?|hours?)?$/i.exec(text?.trim() ?? '');
  if (!match) return undefined;
  const amount = Number(match[1]);
  const unit = (match[2] ?? 'd').charAt(0).toLowerCase();
  return unit === 'w' ? amount * 7 : unit === 'h' ? amount / 24 : amount;
}
