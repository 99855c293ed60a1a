// Telemetry (telemetry.istio.io): sampling, tags and access logs are held typed; what this data plane has no counterpart for is told.
import { TRACING_MODES } from '#model/telemetry.ts';
import type { CustomTag, TelemetrySpec } from '#model/telemetry.ts';
import { also, anyText, anything, flag, list, object, oneOf, optional, record, required, text, word } from '../check.ts';
import type { Check } from '../check.ts';
import { resourceOf } from '../kind.ts';
import type { KindReader } from '../kind.ts';
import { checkDryRun, targetFields, targeting } from './common.ts';

const TAGS_MAX = 32;
/** Headers whose values are secrets: a span is read by many. */
const SECRET_HEADERS = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'x-api-key']);

const percentage: Check<number> = (value, scope) => {
  if (typeof value === 'number' && value >= 0 && value <= 100) return value;
  scope.error('percentage', `${scope.name()} must be a number from 0 to 100`);
  return undefined;
};

const selectorOf = optional(object({ mode: optional(oneOf(TRACING_MODES)) }));
const providers = optional(list(object({ name: required(word) })));

const customTag: Check<CustomTag> = (value, scope) => {
  const read = object({
    literal: optional(object({ value: required(text({ max: 1024 })) })),
    header: optional(object({ name: required(word), defaultValue: optional(anyText) })),
    environment: optional(object({ name: required(word), defaultValue: optional(anyText) })),
    formatter: optional(object({ value: required(anyText) })),
  })(value, scope);
  if (!read) return undefined;
  const ways = Object.keys(read).length;
  if (ways !== 1) {
    scope.error('custom-tag', 'a tag has exactly one of `literal`, `header`, `environment` and `formatter`');
    return undefined;
  }
  if (read.literal) return { literal: read.literal.value };
  if (read.header) {
    const name = read.header.name.toLowerCase();
    if (SECRET_HEADERS.has(name)) {
      scope.warn('secret-tag', `the header \`${name}\` carries secrets and is not put into spans`);
      return { literal: read.header.defaultValue ?? '' };
    }
    return { header: name, otherwise: read.header.defaultValue ?? '' };
  }
  const what = read.environment ? 'a variable of the proxy' : 'a formatter';
  scope.warn('not-honoured', `a tag from ${what} is not available here${read.environment ? '; its default is used' : ''}`);
  return { literal: read.environment?.defaultValue ?? '' };
};

const tracing = object({
  match: selectorOf,
  providers,
  randomSamplingPercentage: optional(percentage),
  disableSpanReporting: optional(flag),
  customTags: optional(
    also(record(customTag), (tags, scope) => {
      if (Object.keys(tags).length > TAGS_MAX) scope.error('custom-tags', `at most ${TAGS_MAX} tags are taken`);
    }),
  ),
  useRequestIdForTraceSampling: optional(flag),
  enableIstioTags: optional(flag),
});

const accessLogging = object({
  match: selectorOf,
  providers,
  disabled: optional(flag),
  filter: optional(object({ expression: optional(anyText) })),
});

const SPEC = object({
  ...targetFields,
  tracing: optional(list(tracing)),
  accessLogging: optional(list(accessLogging)),
  metrics: optional(list(anything)),
});

export const readTelemetry: KindReader = (document, scope) => {
  checkDryRun(document, undefined, scope);
  const typed = scope.at('spec', (): TelemetrySpec | undefined => {
    const spec = SPEC(document.raw['spec'] ?? {}, scope);
    if (!spec) return undefined;
    if ((spec.metrics ?? []).length > 0)
      scope.at('metrics', () =>
        scope.warn('not-honoured', 'metrics are always kept, with their own names and labels', 'see docs/reference/telemetry.md'),
      );
    scope.at('accessLogging', () => {
      for (const [i, { filter }] of (spec.accessLogging ?? []).entries())
        if (filter?.expression !== undefined)
          scope.at(i, () => scope.warn('not-honoured', 'a filter of access logs is not evaluated: all of them are sent'));
    });
    return {
      ...targeting(spec, scope),
      tracing: (spec.tracing ?? []).map(({ match, randomSamplingPercentage, disableSpanReporting, customTags }) => ({
        mode: match?.mode ?? 'CLIENT_AND_SERVER',
        ...(randomSamplingPercentage !== undefined && { randomSamplingPercentage }),
        ...(disableSpanReporting !== undefined && { disableSpanReporting }),
        ...(customTags !== undefined && { customTags }),
      })),
      accessLogging: (spec.accessLogging ?? []).map(({ match, disabled }) => ({
        mode: match?.mode ?? 'CLIENT_AND_SERVER',
        disabled: disabled ?? false,
      })),
    };
  });
  if (!typed) return undefined;
  const telemetry = resourceOf(document, 'Telemetry', typed);
  // As written for those who judge it.
  return { resource: resourceOf(document, 'Telemetry', document.raw['spec']), part: { type: 'telemetry', telemetry } };
};
