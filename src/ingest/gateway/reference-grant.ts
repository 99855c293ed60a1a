// ReferenceGrant (v1, v1beta1, v1alpha2), called ReferencePolicy once.
import type { ReferenceGrantSpec } from '#model/gateway.ts';
import { list, object, optional, required } from '../check.ts';
import { resourceOf } from '../kind.ts';
import type { KindReader } from '../kind.ts';
import { dnsLabel } from '../metadata.ts';
import { group, kind, objectName } from './common.ts';

const from = object({ group: required(group), kind: required(kind), namespace: required(dnsLabel) });
const to = object({ group: required(group), kind: required(kind), name: optional(objectName) });
const SPEC = object({ from: required(list(from, { min: 1, max: 16 })), to: required(list(to, { min: 1, max: 16 })) });

export const readReferenceGrant: KindReader = (document, scope) => {
  const typed = scope.at('spec', (): ReferenceGrantSpec | undefined => SPEC(document.raw['spec'] ?? {}, scope));
  if (!typed) return undefined;
  const grant = resourceOf(document, 'ReferenceGrant', typed);
  return { resource: grant, part: { type: 'referenceGrant', grant } };
};
