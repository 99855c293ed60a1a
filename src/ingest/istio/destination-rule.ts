// DestinationRule (networking.istio.io): the document stays as written for those who judge it, and is held typed for the data plane.
import type { DestinationRuleSpec, Subset } from '#model/istio-traffic.ts';
import { anyText, list, object, optional, record, required, word } from '../check.ts';
import type { Check } from '../check.ts';
import { resourceOf } from '../kind.ts';
import type { KindReader } from '../kind.ts';
import { checkDryRun, selector } from './common.ts';
import { trafficPolicy } from './traffic-policy.ts';
import { defined } from './values.ts';

const subset: Check<Subset> = (value, scope) => {
  const read = object({
    name: required(word),
    labels: optional(record(anyText)),
    trafficPolicy: optional(trafficPolicy),
  })(value, scope);
  return read && defined<Subset>({ name: read.name, labels: read.labels ?? {}, trafficPolicy: read.trafficPolicy });
};

const check = object({
  host: required(word),
  trafficPolicy: optional(trafficPolicy),
  subsets: optional(list(subset)),
  exportTo: optional(list(anyText)),
  workloadSelector: optional(selector),
});

export const readDestinationRule: KindReader = (document, scope) => {
  checkDryRun(document, undefined, scope);
  const raw = document.raw['spec'] ?? {};
  const spec = scope.at('spec', (): DestinationRuleSpec | undefined => {
    const read = check(raw, scope);
    if (!read) return undefined;
    return defined<DestinationRuleSpec>({
      host: read.host,
      trafficPolicy: read.trafficPolicy,
      subsets: read.subsets ?? [],
      exportTo: read.exportTo ?? [],
      workloadSelector: read.workloadSelector,
    });
  });
  if (!spec) return undefined;
  const resource = resourceOf(document, document.kind, raw);
  const { namespace, name } = document.metadata;
  return { resource, part: { type: 'destinationRule', rule: { namespace, name, spec, resource } } };
};
