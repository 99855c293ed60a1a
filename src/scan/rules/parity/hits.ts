// Findings from a comparison.
import type { FindingSeverity } from '#model/finding.ts';
import { originOf } from '#model/origin.ts';
import type { System } from '#model/system.ts';
import type { ParityClass, ParityDifference, ParityResult } from '../../parity/face.ts';
import { compareSides } from '../../parity/parity.ts';
import { sideOf } from '../../parity/side.ts';
import { pairEnvironments } from '../../parity/units.ts';
import type { Hit } from '../../rule.ts';

const worked = new WeakMap<System, readonly ParityResult[]>();

/** The environments that stand beside each other in one system, compared; asking again costs nothing. */
export function parityOf(system: System): readonly ParityResult[] {
  let results = worked.get(system);
  if (!results) {
    results = pairEnvironments(system).map(({ a, b, labels }) =>
      compareSides(sideOf(labels[0], system, a.resources), sideOf(labels[1], system, b.resources)),
    );
    worked.set(system, results);
  }
  return results;
}

/** Hits of one class, at the place that is to be changed: the weaker side, else B. What a pod lacks is told together. */
export function* parityHits(result: ParityResult, wanted: ParityClass): Generator<Hit> {
  // Sides that share little are no variants of each other.
  if (result.compared === 0 || result.compared * 3 < Math.min(...result.objects)) return;
  const own = result.differences.filter((each) => each.class === wanted);
  const groups = Map.groupBy(own, (each, index) => (each.aspect === 'pod' ? `${each.subject} ${each.weaker}` : String(index)));
  for (const group of groups.values()) {
    const first = group.find(({ grave }) => grave !== false) ?? group[0]!;
    const place = (first.weaker === 'a' ? first.a : first.b) ?? first.b ?? first.a;
    const other = place === first.a ? first.b : first.a;
    if (!place) continue;
    const location = other && (other.location ?? originOf(other.resource));
    const more = group.length > 1 ? ` (and ${group.length - 1} more)` : '';
    yield {
      title: `\`${first.subject}\` ${first.text}${more}`,
      severity: severityOf(first),
      at: { resource: place.resource, path: place.path },
      detail: `${first.aspect} ${first.text}`,
      related: [
        ...(location ? [{ location, message: `${place === first.a ? result.b : result.a}: ${other.shows}` }] : []),
        ...group.flatMap((each) => {
          const at = each === first ? undefined : (each.weaker === 'a' ? each.a : each.b)?.location;
          return at ? [{ location: at, message: each.text }] : [];
        }),
      ],
    };
  }
}

/** B is the side nearer to production. */
function severityOf({ class: kind, weaker, grave }: ParityDifference): FindingSeverity {
  if (kind === 'image') return 'medium';
  if (weaker === 'b') return grave === false ? 'medium' : 'high';
  return weaker === 'a' ? 'low' : 'medium';
}
