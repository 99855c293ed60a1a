import { createHash } from 'node:crypto';
import type { Sbom } from './document.ts';

/** What a bill says, as one hash: the same packages give the same bill whoever makes it and when. Hex. */
export function contentHash({ subject, packages }: Sbom): string {
  const lines = packages.map(({ purl, dependsOn }) => JSON.stringify([purl, [...(dependsOn ?? [])].toSorted()])).toSorted();
  return createHash('sha256').update(JSON.stringify([subject.name, subject.version, subject.type, subject.digest ?? '', ...lines])).digest('hex');
}

/** A UUID of version 8 (RFC 9562 section 5.8) that follows from the content. */
export function serialNumber(sbom: Sbom): string {
  const hex = contentHash(sbom);
  const variant = '89ab'[Number.parseInt(hex[16]!, 16) & 3]!;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Packages once each, in the order of their package URLs. */
export function inOrder(packages: Sbom['packages']): Sbom['packages'] {
  const once = new Map(packages.map((each) => [each.purl, each]));
  return [...once.values()].toSorted((a, b) => (a.purl < b.purl ? -1 : a.purl > b.purl ? 1 : 0));
}
