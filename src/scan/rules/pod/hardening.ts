import { judgePod } from '../../pss/evaluate.ts';
import { enforcedIn } from '../../pss/namespace.ts';
import { podTemplates } from '../../pod-template.ts';
import type { Pod } from '../../pss/pod.ts';
import { memberOf } from '#base/raw.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { indented } from '../fix-text.ts';
import { PSS, workloadName } from './control-hits.ts';

/** What each restricted control is called where several are listed. */
const WORDS: Readonly<Record<string, string>> = {
  allowPrivilegeEscalation: 'allowPrivilegeEscalation: false',
  capabilities_restricted: 'capabilities.drop: [ALL]',
  runAsNonRoot: 'runAsNonRoot: true',
  runAsUser: 'a user other than 0',
  seccompProfile_restricted: 'seccompProfile: RuntimeDefault',
  restrictedVolumes: 'volume types that are not restricted',
};

export const hardening = {
  id: 'pod.hardening',
  name: 'Pod not hardened',
  severity: 'low',
  cwe: [250, 1188],
  why: 'These settings cost nothing and take from a foothold what it needs next: root, a way to become root, files to write tools to, rare calls into the kernel.',
  help: 'Set the security context that the `restricted` level of the Pod Security Standards asks for, and a root file system that is read-only.',
  references: [PSS, 'https://kubernetes.io/docs/tasks/configure-pod-container/security-context/'],
  tags: ['pss:restricted', 'cis-k8s:5.2.6', 'cis-k8s:5.2.7', 'cis-k8s:5.2.10', 'cis-k8s:5.7.2', 'cis-k8s:5.7.3', 'nsa-k8s:pod'],
  check,
} as const satisfies SystemRule;

function* check({ system }: ScanContext): Generator<Hit> {
  const texts = new Map<string, string>();
  const yamlFor = (names: readonly string[]): string => {
    const key = names.join('\n');
    let text = texts.get(key);
    if (text === undefined) texts.set(key, (text = fixFor(names)));
    return text;
  };
  const lacks = new Map<Pod, Lack>();
  for (const template of podTemplates(system)) {
    const enforced = enforcedIn(system, template.workload.namespace);
    // Said there as a pod that never starts.
    if (!template.kubernetes || enforced?.level === 'restricted') continue;
    let lack = lacks.get(template.judged);
    if (!lack) lacks.set(template.judged, (lack = lackOf(template.judged, yamlFor)));
    if (!lack.path) continue;
    yield {
      title: `${workloadName(template)} lacks ${lack.words}`,
      at: { resource: template.resource, path: template.at(lack.path) },
      tags: lack.tags,
      fix: lack.fix,
    };
  }
}

/** What pods that are judged the same lack. */
interface Lack {
  readonly words: string;
  /** The first place; undefined when nothing is missing. */
  readonly path: readonly (string | number)[] | undefined;
  readonly tags: readonly string[];
  readonly fix: NonNullable<Hit['fix']>;
}

function lackOf(pod: Pod, yamlFor: (names: readonly string[]) => string): Lack {
  const lacks = missing(pod);
  const names = pod.containers.filter(({ path }) => path[1] === 'containers').map(({ name }) => name);
  return {
    words: lacks.map(({ word }) => `\`${word}\``).join(', '),
    path: lacks[0]?.path,
    tags: lacks.map(({ id }) => `pss-control:${id}`),
    fix: {
      text: 'Add what is missing to the pod and to each container.',
      ...(lacks.length > 0 && { yaml: yamlFor(names.slice(0, 3)) }),
    },
  };
}

/** The settings, for containers of these names. */
function fixFor(names: readonly string[]): string {
  return indented({
    spec: {
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: names.map((name) => ({
        name,
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
      })),
    },
  });
}

interface Missing {
  readonly id: string;
  readonly word: string;
  readonly path: readonly (string | number)[];
}

function missing(pod: Pod): readonly Missing[] {
  const restricted = judgePod(pod, { level: 'restricted' }).flatMap(({ allowed, control, offences }): Missing[] => {
    const word = WORDS[control.id];
    // A hostPath volume is told by its own rule.
    const own = offences.filter(({ path }) => path.at(-1) !== 'hostPath');
    if (allowed || word === undefined || own.length === 0) return [];
    return [{ id: control.id, word, path: own[0]!.path.slice(0, 3) }];
  });
  const writable = pod.windows
    ? undefined
    : pod.containers.find(
        ({ path, securityContext }) => path[1] === 'containers' && memberOf(securityContext, 'readOnlyRootFilesystem') !== true,
      );
  const root: Missing[] = writable
    ? [{ id: 'readOnlyRootFilesystem', word: 'readOnlyRootFilesystem: true', path: writable.path }]
    : [];
  return [...restricted, ...root];
}
