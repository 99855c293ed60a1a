import { COMPOSE_API } from '#model/compose.ts';
import { originOf } from '#model/origin.ts';
import { environmentIn, withoutEnvironment } from '../../environments.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { runImages } from './images.ts';
import type { RunImage } from './images.ts';
import { compareTags, tagKind } from './reference.ts';
import type { TagKind } from './reference.ts';

export const versions = {
  id: 'image.versions',
  name: 'One service at different versions',
  severity: 'medium',
  cwe: [1104],
  why: 'The same service runs at different versions in different places: a flaw that was mended in one is still open in the other, and what was tested is not what runs everywhere.',
  help: 'Bring every place to the same version, by one value that all of them take.',
  references: ['NIST SP 800-190 section 4.2'],
  tags: ['nsa-k8s:upgrade', 'pci-dss:6.3.3', 'soc2:CC8.1'],
  check,
} as const satisfies SystemRule;

function check({ system }: ScanContext): Iterable<Hit> {
  return versionHits(runImages(system), differentNamespace);
}

/**
 * Services that run at several versions, each told once at the oldest place.
 * @param apart whether two places are different clusters, edges or namespaces, and not two environments or a roll-out
 */
export function* versionHits(images: readonly RunImage[], apart: (a: RunImage, b: RunImage) => boolean): Generator<Hit> {
  const kinds = new Map<string, TagKind>();
  /** What the tag alone promises: thousands of containers have a few tags. */
  const kindOf = ({ reference: { tag = '' } }: RunImage): TagKind => {
    let kind = kinds.get(tag);
    if (kind === undefined) kinds.set(tag, (kind = tagKind({ tag, digest: undefined })));
    return kind;
  };
  const versionOf = (image: RunImage): string => versionIn(image, kindOf(image));
  const groups = Map.groupBy(
    images.filter((each) => !each.placeholder && !each.path.includes('initContainers') && !MOVING.has(kindOf(each))),
    ({ workload, reference }) => `${withoutEnvironment(workload.name)} ${reference.repository.split('/').at(-1)}`,
  );
  for (const group of groups.values()) {
    if (group.length === 1) continue;
    const newest = group.toSorted((a, b) => compareTags(versionOf(b), versionOf(a)))[0]!;
    const other = group.filter((each) => versionOf(each) !== versionOf(newest) && apart(each, newest));
    const [first] = other;
    if (!first) continue;
    const location = originOf(newest.resource, newest.imagePath);
    yield {
      title: `\`${first.workload.id}\` runs \`${shown(first)}\` and \`${newest.workload.id}\` runs \`${shown(newest)}\` of \`${newest.reference.repository}\``,
      // A Compose file beside manifests is for one machine.
      ...(first.resource.apiVersion !== newest.resource.apiVersion && isCompose(first, newest) && { severity: 'low' as const }),
      at: { resource: first.resource, path: first.imagePath },
      detail: newest.reference.repository,
      related: [
        ...(location ? [{ location, message: `\`${shown(newest)}\` here` }] : []),
        ...other.slice(1, 10).flatMap((each) => {
          const place = originOf(each.resource, each.imagePath);
          return place ? [{ location: place, message: `\`${shown(each)}\` here` }] : [];
        }),
      ],
    };
  }
}

/** A digest alone, a branch or no tag says nothing about a version; that it may move is told by itself. */
const MOVING: ReadonlySet<TagKind> = new Set(['none', 'latest', 'moving']);

/** Another namespace; two versions in one namespace are a roll-out. Environments are compared by parity, which knows what may differ. */
function differentNamespace(a: RunImage, b: RunImage): boolean {
  if (a.workload.namespace === b.workload.namespace) return false;
  const [left, right] = [environmentIn(a.workload.namespace), environmentIn(b.workload.namespace)];
  return !(left && right && left.kind !== right.kind && left.rest === right.rest);
}

function isCompose(...images: readonly RunImage[]): boolean {
  return images.some(({ resource }) => resource.apiVersion === COMPOSE_API);
}

/** A variant of a version (`1.2.3-alpine`) is that version. */
function versionIn({ reference }: RunImage, kind: TagKind): string {
  const { tag } = reference;
  if (tag === undefined) return reference.digest ?? 'latest';
  return kind === 'version' || reference.digest !== undefined
    ? (/\d{1,9}\.\d{1,9}\.\d{1,9}(?:-(?:alpha|beta|rc|pre|dev)[\w.]{0,20})?/.exec(tag)?.[0] ?? tag)
    : tag;
}

function shown({ reference }: RunImage): string {
  return reference.tag ?? reference.digest?.slice(0, 19) ?? 'latest';
}
