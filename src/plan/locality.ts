// Places: `region/zone/subzone`, from the labels that Kubernetes and Istio put on pods and nodes.

const ISTIO_LABEL = 'istio-locality';
const LABELS = ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone', 'topology.istio.io/subzone'] as const;
const OLD_LABELS: Readonly<Record<string, string>> = {
  'topology.kubernetes.io/region': 'failure-domain.beta.kubernetes.io/region',
  'topology.kubernetes.io/zone': 'failure-domain.beta.kubernetes.io/zone',
};

/** @returns `region/zone/subzone` with what is known, without trailing slashes; '' when nothing is */
export function localityOf(labels: Readonly<Record<string, string>>): string {
  const own = labels[ISTIO_LABEL];
  // Dots stand for slashes, which a label value cannot hold.
  if (own !== undefined && own !== '') return own.includes('/') ? own : own.replaceAll('.', '/');
  const parts = LABELS.map((name) => labels[name] ?? labels[OLD_LABELS[name] ?? ''] ?? '');
  return parts.join('/').replace(/\/+$/, '');
}

/**
 * How far apart two places are: 0 same subzone, 1 same zone, 2 same region, 3 farther, or not known.
 * @example distance('eu/a', 'eu/b') // 2
 */
export function distance(from: string, to: string): 0 | 1 | 2 | 3 {
  if (from === '' || to === '') return 3;
  const [region = '', zone = '', subzone = ''] = from.split('/');
  const [otherRegion = '', otherZone = '', otherSubzone = ''] = to.split('/');
  // A slice knows the zone only, and zones' names are unique in practice.
  const sameRegion = region === otherRegion || region === '' || otherRegion === '';
  if (!sameRegion) return 3;
  if (zone !== otherZone || zone === '') return region !== '' && region === otherRegion ? 2 : 3;
  return subzone === otherSubzone ? 0 : 1;
}

/** Whether a place is covered by a pattern: `*`, `eu/*`, `eu/a/*`, or itself; fewer parts cover all below. */
export function covers(pattern: string, place: string): boolean {
  const parts = place.split('/');
  return pattern.split('/').every((part, i) => part === '*' || part === (parts[i] ?? ''));
}
