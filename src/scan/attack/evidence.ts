// Making evidence: a sentence with the resource and the place in it.
import { formatLocation, originOf } from '#model/origin.ts';
import type { Location, Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { Evidence } from './model.ts';

/** Evidence at a part of a resource. */
export function evidenceAt(text: string, resource: Resource, path: Path = []): Evidence {
  return { text, resource, path };
}

/** Evidence at a place of a file that is no resource. */
export function evidenceIn(text: string, location: Location | undefined): Evidence {
  return { text, ...(location && { location }) };
}

/** Where evidence stands; looked up only when it is shown, because a graph has far more of it than anyone reads. */
export function locationOf(evidence: Evidence): Location | undefined {
  if (evidence.location) return evidence.location;
  return evidence.resource && (originOf(evidence.resource, evidence.path ?? []) ?? originOf(evidence.resource));
}

/** `shop.yaml:12:9`, or nothing. */
export function placeOf(evidence: Evidence | undefined): string {
  const location = evidence && locationOf(evidence);
  return location ? formatLocation(location) : '';
}
