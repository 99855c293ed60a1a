// References to other objects: backends, and what holds certificates.
import type { BackendRef, ObjectRef } from '#model/gateway.ts';
import { also, integer, object, optional, port, required } from '../check.ts';
import type { Check } from '../check.ts';
import { dnsLabel } from '../metadata.ts';
import { group, kind, objectName, qualifiedKind } from './common.ts';

export const plainBackend = {
  group: optional(group),
  kind: optional(kind),
  name: required(objectName),
  namespace: optional(dnsLabel),
  port: optional(port),
  weight: optional(integer(0, 1_000_000)),
};

interface RawBackend extends Partial<Pick<BackendRef, 'namespace' | 'port' | 'weight' | 'filters'>> {
  readonly group?: string;
  readonly kind?: string;
  readonly name: string;
}

/** A backend as it is held; a Service needs its port. */
export const complete = <T extends RawBackend>(check: Check<T>): Check<BackendRef> => {
  const checked = also(check, (read, scope) => {
    const service = (read.kind ?? 'Service') === 'Service' && ['', 'core'].includes(read.group ?? '');
    if (service && read.port === undefined) scope.error('required', 'a backend that is a Service needs `port`');
  });
  return (value, scope) => {
    const read = checked(value, scope);
    return (
      read && {
        kind: qualifiedKind(read.group ?? '', read.kind ?? 'Service', ''),
        name: read.name,
        ...(read.namespace === undefined ? {} : { namespace: read.namespace }),
        port: read.port ?? 0,
        weight: read.weight ?? 1,
        ...((read.filters ?? []).length > 0 ? { filters: read.filters! } : {}),
      }
    );
  };
};

/** A backend without filters: of TLSRoute, TCPRoute, and of a mirror. */
export const streamBackend: Check<BackendRef> = complete(object(plainBackend));
/** A reference to an object that holds certificates. @param usual its kind when none is written */
export const objectRef =
  (usual: string): Check<ObjectRef> =>
  (value, scope) => {
    const read = object({
      group: optional(group),
      kind: optional(kind),
      name: required(objectName),
      namespace: optional(dnsLabel),
    })(value, scope);
    return (
      read && {
        kind: qualifiedKind(read.group ?? '', read.kind ?? usual, ''),
        name: read.name,
        ...(read.namespace === undefined ? {} : { namespace: read.namespace }),
      }
    );
  };
