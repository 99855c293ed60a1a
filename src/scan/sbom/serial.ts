import { createHash } from 'node:crypto';
import type { Package } from '../vulnerabilities/package.ts';
import type { Sbom } from './document.ts';

/** What a bill says, as one hash: the same packages give the same bill whoever makes it and when. Hex. */
export function contentHash({ subject, packages }: Sbom): string {
  const lines = inOrder(packages).map(({ purl, dependsOn }) => JSON.stringify([purl, [...(dependsOn ?? [])].toSorted()]));
  return createHash('sha256')
    .update(JSON.stringify([subject.name, subject.version, subject.type, subject.digest ?? '', ...lines]))
    .digest('hex');
}

/** A UUID of version 8 (RFC 9562 section 5.8) that follows from the content. */
export function serialNumber(sbom: Sbom): string {
  const hex = contentHash(sbom);
  const variant = '89ab'[Number.parseInt(hex[16]!, 16) & 3]!;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Packages once each, in the order of their package URLs; of one that lies in several places the first by name counts. */
export function inOrder(packages: Sbom['packages']): Sbom['packages'] {
  const keyOf = ({ purl, location }: Package): string => `${purl}\0${location.file}\0${String(location.line).padStart(9, '0')}`;
  const sorted = packages
    .map((each) => ({ each, key: keyOf(each) }))
    .toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const once = new Map<string, Package>();
  for (const { each } of sorted) if (!once.has(each.purl)) once.set(each.purl, each);
  return [...once.values()];
}
