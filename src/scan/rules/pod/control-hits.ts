// Hits of the controls of the Pod Security Standards: one per workload and control.
import type { FindingSeverity } from '#model/finding.ts';
import { originOf } from '#model/origin.ts';
import type { System } from '#model/system.ts';
import type { ControlId } from '../../pss/control.ts';
import { judgePod } from '../../pss/evaluate.ts';
import type { Verdict } from '../../pss/evaluate.ts';
import { enforcedIn } from '../../pss/namespace.ts';
import { podTemplates } from '../../pod-template.ts';
import type { PodTemplate } from '../../pod-template.ts';
import type { Hit, ScanContext } from '../../rule.ts';

export const PSS = 'https://kubernetes.io/docs/concepts/security/pod-security-standards/';

/** What a rule says about one failed control of one workload; undefined when it is none of its business. */
export type ControlJudge = (template: PodTemplate, verdict: Verdict) => Omit<Hit, 'at' | 'detail' | 'tags'> | undefined;

interface Failing {
  readonly template: PodTemplate;
  /** What its namespace enforces. */
  readonly level: string | undefined;
  readonly verdicts: readonly Verdict[];
}

const failing = new WeakMap<System, readonly Failing[]>();

/** The pods that fail any baseline control, with these; every rule over controls asks for the same. */
function failingIn(system: System): readonly Failing[] {
  let found = failing.get(system);
  if (!found) {
    found = podTemplates(system).flatMap((template) => {
      const enforced = enforcedIn(system, template.workload.namespace);
      const verdicts = judgePod(template.judged, { level: 'baseline', ...(enforced && { version: enforced.version }) }).filter(
        ({ allowed }) => !allowed,
      );
      return verdicts.length === 0 ? [] : [{ template, level: enforced?.level, verdicts }];
    });
    failing.set(system, found);
  }
  return found;
}

/** Failed baseline controls, as the version that the namespace enforces has them; severities fall where `privileged` is declared. */
export function* controlHits(context: ScanContext, ids: readonly ControlId[], judge: ControlJudge): Generator<Hit> {
  let exposed: ReadonlySet<string> | undefined;
  // Critical is what callers outside can use as it stands; where there is no way in yet, a foothold has to be won first.
  const asPlaced = (severity: FindingSeverity, id: string): FindingSeverity => {
    if (severity !== 'critical') return severity;
    exposed ??= new Set(
      context
        .reach()
        .exposures()
        .map(({ to }) => to),
    );
    return exposed.has(id) ? severity : 'high';
  };
  for (const { template, level, verdicts } of failingIn(context.system)) {
    for (const verdict of verdicts) {
      if (!ids.includes(verdict.control.id)) continue;
      const draft = judge(template, verdict);
      if (!draft) continue;
      const severity = draft.severity && asPlaced(draft.severity, template.workload.id);
      yield {
        ...draft,
        title: template.kubernetes ? draft.title : inComposeWords(draft.title),
        ...(severity && { severity: level === 'privileged' ? LOWER[severity] : severity }),
        ...placeOf(template, verdict),
        detail: verdict.control.id,
        tags: [`pss:${verdict.control.level}`, `pss-control:${verdict.control.id}`],
      };
    }
  }
}

/** What a pod's members are called in a Compose file. */
const COMPOSE_WORDS: readonly (readonly [pod: string, compose: string])[] = [
  ['the pod sets', 'the service sets'],
  ['`hostNetwork`', '`network_mode: host`'],
  ['`hostPID`', '`pid: host`'],
  ['`hostIPC`', '`ipc: host`'],
  ['of the node', 'of the host'],
];

function inComposeWords(title: string): string {
  return COMPOSE_WORDS.reduce((text, [pod, compose]) => text.replaceAll(pod, compose), title);
}

/** Whoever labels a namespace `privileged` has decided that its pods may do this. */
const LOWER: Readonly<Record<FindingSeverity, FindingSeverity>> = {
  critical: 'high',
  high: 'medium',
  medium: 'low',
  low: 'low',
  info: 'info',
};

/** The first place of a verdict, and the others beside it. */
export function placeOf({ resource, at }: PodTemplate, { offences }: Pick<Verdict, 'offences'>): Pick<Hit, 'at' | 'related'> {
  const [first, ...others] = offences;
  const related = others.flatMap(({ path, text }) => {
    const location = originOf(resource, at(path));
    return location ? [{ location, message: text }] : [];
  });
  return { at: { resource, path: at(first?.path ?? []) }, ...(related.length > 0 && { related }) };
}

/** `Deployment shop/cart` */
export function workloadName({ workload }: PodTemplate): string {
  return `${workload.kind} ${workload.namespace}/${workload.name}`;
}

/** What is wrong, in one line. */
export function offenceText({ offences }: Pick<Verdict, 'offences'>, max = 3): string {
  const shown = offences.slice(0, max).map(({ text }) => text);
  return offences.length > max ? `${shown.join('; ')}; and ${offences.length - max} more` : shown.join('; ');
}
