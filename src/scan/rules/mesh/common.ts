// What several rules over the mesh share.
import type { Resource } from '#model/resource.ts';
import type { ScanContext } from '../../rule.ts';
import { meshOf } from '../../istio/mesh-index.ts';
import type { MeshIndex } from '../../istio/mesh-index.ts';

export const ACCESS_TAGS: readonly string[] = ['nsa-k8s:authorization', 'pci-dss:7.2.1', 'soc2:CC6.1'];
export const TRANSIT_TAGS: readonly string[] = ['nsa-k8s:network', 'pci-dss:4.2.1', 'soc2:CC6.7'];
export const TOKEN_TAGS: readonly string[] = ['owasp-api:API2:2023', 'soc2:CC6.1'];

export const ISTIO_SECURITY = 'https://istio.io/latest/docs/ops/best-practices/security/';
export const ISTIO_GATEWAY = 'https://istio.io/latest/docs/reference/config/networking/gateway/';

export function meshIndex({ system, now }: ScanContext): MeshIndex {
  return meshOf(system, now);
}

/** `namespace/name` */
export function nameOf({ metadata }: Resource): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** `a`, `b` and 3 more */
export function names(values: readonly string[], max = 3): string {
  const shown = values.slice(0, max).map((value) => `\`${value}\``);
  return values.length > max ? `${shown.join(', ')} and ${values.length - max} more` : shown.join(', ');
}
