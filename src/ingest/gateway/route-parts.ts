// What the kinds of routes share: parents, backends, text matches, durations.
import { parseDurationMs } from '#base/duration.ts';
import type { BackendRef, ParentRef } from '#model/gateway.ts';
import { also, anyText, list, object, oneOf, optional, port, required } from '../check.ts';
import type { Check } from '../check.ts';
import { dnsLabel, subdomain } from '../metadata.ts';
import { shorten } from '../scope.ts';
import { GATEWAY_GROUP, group, kind, objectName, qualifiedKind } from './common.ts';
import { filter } from './filter.ts';
import { complete, plainBackend } from './refs.ts';

const parentRef: Check<ParentRef> = (value, scope) => {
  const read = object({
    group: optional(group),
    kind: optional(kind),
    namespace: optional(dnsLabel),
    name: required(objectName),
    sectionName: optional(subdomain),
    port: optional(port),
  })(value, scope);
  if (!read) return undefined;
  const { group: groupName = GATEWAY_GROUP, kind: kindName = 'Gateway', ...rest } = read;
  // A Service is the one parent outside the group (GAMMA); its group is the empty one.
  const expected = kindName === 'Service' ? '' : GATEWAY_GROUP;
  return { kind: qualifiedKind(groupName, kindName, expected), ...rest };
};

export const parentRefs: Check<readonly ParentRef[]> = list(parentRef, { max: 32 });

/** A backend of HTTPRoute or GRPCRoute. */
export const httpBackend: Check<BackendRef> = complete(object({ ...plainBackend, filters: optional(list(filter, { max: 16 })) }));

/** Header and query conditions: `Exact` unless they say otherwise, each name once. */
export const valueMatches = (name: Check<string>, value: Check<string>, keyOf: (name: string) => string) => {
  const each = object({ type: optional(oneOf(['Exact', 'RegularExpression'])), name: required(name), value: required(value) });
  const matches = also(list(each, { max: 16 }), (read, scope) => {
    const seen = new Set<string>();
    read.forEach((one, i) => {
      const key = keyOf(one.name);
      if (seen.has(key)) scope.at(i, () => scope.error('duplicate', `\`${shorten(one.name)}\` is matched twice`));
      seen.add(key);
    });
  });
  return ((input, scope) =>
    matches(input, scope)?.map((one) => ({
      type: one.type ?? ('Exact' as const),
      name: one.name,
      value: one.value,
    }))) satisfies Check<
    readonly { readonly type: 'Exact' | 'RegularExpression'; readonly name: string; readonly value: string }[]
  >;
};

/** GEP-2257: up to four parts such as `1h30m`, without fractions; milliseconds. */
export const duration: Check<number> = (value, scope) => {
  const read = anyText(value, scope);
  if (read === undefined) return undefined;
  if (/^(?:\d{1,5}(?:h|m|s|ms)){1,4}$/.test(read)) return parseDurationMs(read);
  scope.error('duration', `\`${shorten(read)}\` is not a duration`, 'write it as in `10s` or `1m30s`');
  return undefined;
};
