// Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob and Pod.
import { labelsMatch } from '#model/resource.ts';
import { integer, isObject, list, object, optional, record, required, word } from '../check.ts';
import type { Check, Field } from '../check.ts';
import { resourceOf } from '../kind.ts';
import type { KindReader, PodDraft } from '../kind.ts';
import { labels } from '../metadata.ts';
import type { Scope } from '../scope.ts';
import { known, readPodSpec, readPodTemplate } from './pod.ts';

const count = integer(0, 2_147_483_647);
const requirement = object(
  { key: required(word), operator: required(word), values: optional(list((value) => value)) },
  { unknown: 'warning' },
);
export const labelSelector = object(
  { matchLabels: optional(labels), matchExpressions: optional(list(requirement)) },
  { unknown: 'warning' },
);
/** Before apps/v1 a selector could be left out. */
const looseSelector: Check<unknown> = (value, scope) =>
  isObject(value) && !('matchLabels' in value) ? record(word)(value, scope) : labelSelector(value, scope);

interface WorkloadForm {
  readonly fields: Readonly<Record<string, Field<unknown, boolean>>>;
  readonly replicas: 'replicas' | 'parallelism' | 'one';
  /** Jobs name their pods themselves. */
  readonly selector: 'required' | 'none';
}

const FORMS: Readonly<Record<string, WorkloadForm>> = {
  Deployment: {
    fields: known('strategy', 'minReadySeconds', 'revisionHistoryLimit', 'paused', 'progressDeadlineSeconds', 'rollbackTo'),
    replicas: 'replicas',
    selector: 'required',
  },
  StatefulSet: {
    fields: known(
      'serviceName',
      'volumeClaimTemplates',
      'podManagementPolicy',
      'updateStrategy',
      'revisionHistoryLimit',
      'minReadySeconds',
      'persistentVolumeClaimRetentionPolicy',
      'ordinals',
    ),
    replicas: 'replicas',
    selector: 'required',
  },
  DaemonSet: {
    fields: known('updateStrategy', 'minReadySeconds', 'revisionHistoryLimit', 'templateGeneration'),
    replicas: 'one',
    selector: 'required',
  },
  ReplicaSet: { fields: known('minReadySeconds'), replicas: 'replicas', selector: 'required' },
  ReplicationController: { fields: known('minReadySeconds'), replicas: 'replicas', selector: 'required' },
  Job: {
    fields: known(
      'selector',
      'completions',
      'activeDeadlineSeconds',
      'podFailurePolicy',
      'successPolicy',
      'backoffLimit',
      'backoffLimitPerIndex',
      'maxFailedIndexes',
      'manualSelector',
      'ttlSecondsAfterFinished',
      'completionMode',
      'suspend',
      'podReplacementPolicy',
      'managedBy',
    ),
    replicas: 'parallelism',
    selector: 'none',
  },
};

type SpecCheck = Check<Readonly<Record<string, unknown>>>;

function checksOf(strict: boolean): Readonly<Record<string, SpecCheck>> {
  return Object.fromEntries(
    Object.entries(FORMS).map(([kind, form]) => {
      const selector = form.selector === 'none' ? {} : { selector: strict ? required(labelSelector) : optional(looseSelector) };
      const amount = form.replicas === 'one' ? {} : { [form.replicas]: optional(count) };
      const template = required((value) => value);
      return [kind, object({ ...form.fields, ...selector, ...amount, template }, { unknown: 'warning' }) as SpecCheck];
    }),
  );
}

const STRICT = checksOf(true);
const LOOSE = checksOf(false);

/** Reads the spec of a workload that makes pods from a template. Stands at the spec's own path. */
function readTemplated(
  kind: string,
  raw: unknown,
  scope: Scope,
  path: readonly (string | number)[],
  strict: boolean,
): PodDraft | undefined {
  const form = FORMS[kind]!;
  const spec = (strict ? STRICT : LOOSE)[kind]!(raw, scope);
  if (!spec) return undefined;
  const replicas = form.replicas === 'one' ? 1 : ((spec[form.replicas] as number | undefined) ?? 1);
  const pod = scope.at('template', () => readPodTemplate(spec['template'], scope, replicas, [...path, 'template']));
  if (pod && strict && form.selector === 'required') checkSelector(spec['selector'], pod, scope);
  return pod;
}

function checkSelector(raw: unknown, pod: PodDraft, scope: Scope): void {
  const { matchLabels, matchExpressions } = raw as NonNullable<ReturnType<typeof labelSelector>>;
  if (matchLabels === undefined && (matchExpressions ?? []).length === 0) {
    scope.at('selector', () => scope.error('empty', '`selector` must name labels'));
  } else if (!labelsMatch(matchLabels ?? {}, pod.labels)) {
    scope.at('selector', () =>
      scope.error(
        'selector',
        '`selector` does not match the labels of `template`',
        'give the pods the labels that the selector names',
      ),
    );
  }
}

function needSpec(raw: unknown, scope: Scope): boolean {
  if (raw !== undefined && raw !== null) return true;
  scope.error('required', 'the document needs `spec`');
  return false;
}

export const readWorkload: KindReader = (document, scope) => {
  const raw = document.raw['spec'];
  if (!needSpec(raw, scope)) return undefined;
  const strict = /^(?:apps|batch)\/v1$/.test(document.apiVersion);
  const pod = scope.at('spec', () => readTemplated(document.kind, raw, scope, ['spec'], strict));
  return pod && { resource: resourceOf(document, document.kind, raw), part: { type: 'workload', pod } };
};

const CRON_JOB = object(
  {
    schedule: required(word),
    jobTemplate: required(
      object({ metadata: optional((value) => value), spec: required((value) => value) }, { unknown: 'warning' }),
    ),
    ...known(
      'timeZone',
      'startingDeadlineSeconds',
      'concurrencyPolicy',
      'suspend',
      'successfulJobsHistoryLimit',
      'failedJobsHistoryLimit',
    ),
  },
  { unknown: 'warning' },
);

export const readCronJob: KindReader = (document, scope) => {
  const raw = document.raw['spec'];
  if (!needSpec(raw, scope)) return undefined;
  const spec = scope.at('spec', () => CRON_JOB(raw, scope));
  if (!spec) return undefined;
  const path = ['spec', 'jobTemplate', 'spec'] as const;
  const pod = scope.at('spec', () =>
    scope.at('jobTemplate', () => scope.at('spec', () => readTemplated('Job', spec.jobTemplate.spec, scope, path, true))),
  );
  return pod && { resource: resourceOf(document, 'CronJob', raw), part: { type: 'workload', pod } };
};

export const readPod: KindReader = (document, scope) => {
  const raw = document.raw['spec'];
  if (!needSpec(raw, scope)) return undefined;
  const pod = scope.at('spec', () => readPodSpec(raw, scope, document.metadata, 1, ['spec']));
  return pod && { resource: resourceOf(document, 'Pod', raw), part: { type: 'workload', pod } };
};
