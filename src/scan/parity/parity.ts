// Two variants of one system, object by object: what differs, what it means, and which side is the weaker one.
import type { Resource } from '#model/resource.ts';
import type { System } from '#model/system.ts';
import { textAt } from '#base/raw.ts';
import { containersAspect } from './aspects/containers.ts';
import { imageAspect } from './aspects/image.ts';
import { accountAspect, ingressAspect, keysAspect, namespaceAspect, serviceAspect, transportAspect } from './aspects/opening.ts';
import { podAspect } from './aspects/pod.ts';
import { grantAspect, policyAspect } from './aspects/policy.ts';
import type { Aspect } from './aspect.ts';
import { EXPECTED_ANNOTATION } from './face.ts';
import type { ParityClass, ParityDifference, ParityOptions, ParityResult } from './face.ts';
import { GRANT_KINDS, OPENING_KINDS, POLICY_KINDS, SIZE_KINDS, WORKLOAD_KINDS } from './kinds.ts';
import { placeAt, sideOf, subjectOf } from './side.ts';
import type { Side } from './side.ts';

const ASPECTS: readonly Aspect[] = [
  podAspect,
  imageAspect,
  containersAspect,
  policyAspect,
  grantAspect,
  serviceAspect,
  ingressAspect,
  transportAspect,
  namespaceAspect,
  accountAspect,
  keysAspect,
];

/**
 * Compares two variants of one system, as `cullis parity staging production` does. Objects meet by kind and by their names without
 * the environment (`staging-cart` in `shop-staging` is `cart` in `shop-prod`).
 * @param options how the sides are called, and what may differ beside replicas, resources and hosts
 * @returns differences of security first; a difference that an annotation `cullis.dev/parity-expected` allows is `expected`
 */
export function parity(a: System, b: System, options: ParityOptions = {}): ParityResult {
  const [labelA, labelB] = options.labels ?? ['A', 'B'];
  return compareSides(sideOf(labelA, a), sideOf(labelB, b), options);
}

const ORDER: readonly ParityClass[] = ['security', 'image', 'config', 'expected'];

/** parity over sides that are already made. */
export function compareSides(sideA: Side, sideB: Side, options: ParityOptions = {}): ParityResult {
  const differences: ParityDifference[] = [];
  let compared = 0;
  for (const [key, a] of sideA.objects) {
    const b = sideB.objects.get(key);
    if (b) {
      compared += 1;
      const pair = { a, b, sideA, sideB, subject: subjectOf(a) };
      for (const aspect of ASPECTS) {
        if (!aspect.kinds.includes(a.kind)) continue;
        for (const each of aspect.compare(pair)) differences.push({ ...each, subject: pair.subject });
      }
    } else differences.push(...only(a, sideA, sideB, 'a'));
  }
  for (const [key, b] of sideB.objects) if (!sideA.objects.has(key)) differences.push(...only(b, sideB, sideA, 'b'));
  const judged = differences.map((each) => allowed(each, options));
  return {
    a: sideA.label,
    b: sideB.label,
    compared,
    objects: [sideA.objects.size, sideB.objects.size],
    differences: judged.toSorted((x, y) => ORDER.indexOf(x.class) - ORDER.indexOf(y.class)),
  };
}

/** An object that one side has alone. */
function only(resource: Resource, has: Side, lacks: Side, side: 'a' | 'b'): readonly ParityDifference[] {
  const other = side === 'a' ? 'b' : 'a';
  const { kind } = resource;
  const place = placeAt(resource, ['metadata', 'name'], resource.metadata.name);
  const base = {
    aspect: aspectOf(kind),
    subject: subjectOf(resource),
    text: `is in ${has.label} and not in ${lacks.label}`,
    ...(side === 'a' ? { a: place } : { b: place }),
  };
  if (POLICY_KINDS.includes(kind)) return [{ ...base, class: 'security', weaker: other }];
  if (GRANT_KINDS.includes(kind) || OPENING_KINDS.includes(kind) || opens(resource))
    return [{ ...base, class: 'security', weaker: side }];
  if (SIZE_KINDS.includes(kind)) return [{ ...base, class: 'expected' }];
  return [{ ...base, class: 'config' }];
}

function opens({ kind, spec }: Resource): boolean {
  return kind === 'Service' && ['LoadBalancer', 'NodePort'].includes(textAt(spec, 'type') ?? '');
}

function aspectOf(kind: string): string {
  if (kind === 'NetworkPolicy') return 'network-policy';
  if (POLICY_KINDS.includes(kind)) return 'policy';
  if (GRANT_KINDS.includes(kind)) return 'rbac';
  return WORKLOAD_KINDS.includes(kind) ? 'workload' : kind.toLowerCase();
}

function allowed(difference: ParityDifference, { expected = [] }: ParityOptions): ParityDifference {
  if (difference.class === 'expected') return difference;
  const { aspect, subject } = difference;
  const words = [difference.a, difference.b].flatMap(
    (place) => place?.resource.metadata.annotations[EXPECTED_ANNOTATION]?.split(',').map((each) => each.trim()) ?? [],
  );
  const all = [...words, ...expected];
  const passes =
    all.includes('*') || all.includes(aspect) || all.includes(difference.class) || all.includes(subject.replace(' ', '/'));
  return passes ? { ...difference, class: 'expected' } : difference;
}
