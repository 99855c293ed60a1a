// Images: other programs, other versions, a digest on one side only.
import { parseImage, compareTags } from '../../rules/images/reference.ts';
import { textAt } from '#base/raw.ts';
import type { PodTemplate } from '../../pod-template.ts';
import type { Aspect } from '../aspect.ts';
import { WORKLOAD_KINDS } from '../kinds.ts';
import { neutral, placeAt } from '../side.ts';

interface Placed {
  readonly image: string;
  readonly path: readonly (string | number)[];
}

function images({ pod }: PodTemplate): ReadonlyMap<string, Placed> {
  return new Map(
    pod.containers.map(({ name, raw, path }) => [neutral(name), { image: textAt(raw, 'image') ?? '', path: [...path, 'image'] }]),
  );
}

export const imageAspect: Aspect = {
  kinds: WORKLOAD_KINDS,
  *compare({ a: resourceA, b: resourceB, sideA, sideB }) {
    const [a, b] = [sideA.templates.get(resourceA), sideB.templates.get(resourceB)];
    if (!a || !b) return;
    const [inA, inB] = [images(a), images(b)];
    for (const [name, { image, path }] of inA) {
      const other = inB.get(name);
      if (!other || other.image === image) continue;
      const [left, right] = [parseImage(image), parseImage(other.image)];
      if (!left || !right) continue;
      const places = {
        a: placeAt(resourceA, a.at(path), image),
        b: placeAt(resourceB, b.at(other.path), other.image),
      };
      const base = { aspect: 'image', ...places } as const;
      if (neutral(left.repository) !== neutral(right.repository)) {
        yield {
          ...base,
          class: 'image',
          text: `container \`${name}\` runs \`${left.repository}\` in ${sideA.label} and \`${right.repository}\` in ${sideB.label}`,
        };
        continue;
      }
      const [tagA, tagB] = [left.tag ?? 'latest', right.tag ?? 'latest'];
      if (left.digest !== undefined && left.digest === right.digest) continue;
      if (neutral(tagA) !== neutral(tagB)) {
        const order = compareTags(tagA, tagB);
        yield {
          ...base,
          class: 'image',
          text: `container \`${name}\` runs \`${tagA}\` in ${sideA.label} and \`${tagB}\` in ${sideB.label} of \`${left.repository}\``,
          ...(order !== 0 && { weaker: order < 0 ? 'a' : 'b' }),
        };
      } else if ((left.digest === undefined) !== (right.digest === undefined)) {
        const pinned = left.digest !== undefined;
        yield {
          ...base,
          class: 'image',
          text: `container \`${name}\` is pinned by digest in ${pinned ? sideA.label : sideB.label} only`,
          weaker: pinned ? 'b' : 'a',
        };
      } else if (left.digest !== right.digest) {
        yield {
          ...base,
          class: 'image',
          text: `container \`${name}\` has the tag \`${tagA}\` and different digests in ${sideA.label} and ${sideB.label}`,
        };
      } else if (left.registry !== right.registry) {
        yield {
          ...base,
          class: 'config',
          text: `container \`${name}\` comes from \`${left.registry}\` in ${sideA.label} and \`${right.registry}\` in ${sideB.label}`,
        };
      }
    }
  },
};
