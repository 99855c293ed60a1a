// The parts of VirtualServices that several analyzers read.
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { asObject, memberOf, numberAt, objectAt, textAt, textsAt } from '#base/raw.ts';
import { itemsAt } from './items.ts';

/** The gateway name that means all sidecars. */
export const MESH_GATEWAY = 'mesh';

/** Gateways as written; a VirtualService that names none is for the sidecars. */
export function gatewaysOf({ spec }: Resource): readonly string[] {
  const named = textsAt(spec, 'gateways');
  return named.length === 0 ? [MESH_GATEWAY] : named;
}

export interface Destination {
  readonly host: string;
  readonly subset: string;
  readonly port: number | undefined;
  readonly path: Path;
}

/** Every destination: of routes, TCP and TLS routes, and mirrors. */
export function destinationsOf({ spec }: Resource): readonly Destination[] {
  const found: Destination[] = [];
  const add = (raw: unknown, path: Path): void => {
    found.push({
      host: textAt(raw, 'host') ?? '',
      subset: textAt(raw, 'subset') ?? '',
      port: numberAt(objectAt(raw, 'port'), 'number'),
      path,
    });
  };
  for (const kind of ['http', 'tcp', 'tls']) {
    for (const { raw: rule, path } of itemsAt(spec, kind, ['spec'])) {
      for (const route of itemsAt(rule, 'route', path)) add(memberOf(route.raw, 'destination'), [...route.path, 'destination']);
      if (asObject(memberOf(rule, 'mirror'))) add(memberOf(rule, 'mirror'), [...path, 'mirror']);
      for (const mirror of itemsAt(rule, 'mirrors', path))
        add(memberOf(mirror.raw, 'destination'), [...mirror.path, 'destination']);
    }
  }
  return found;
}
