// Pods: what isolates them, and as whom they run.
import { judgePod } from '../../pss/evaluate.ts';
import { memberOf, textAt } from '#base/raw.ts';
import type { PodTemplate } from '../../pod-template.ts';
import type { Aspect, Pair } from '../aspect.ts';
import type { ParityDifference } from '../face.ts';
import { neutral, placeAt } from '../side.ts';
import { WORKLOAD_KINDS } from '../kinds.ts';

interface Fact {
  readonly key: string;
  readonly text: string;
  readonly path: readonly (string | number)[];
  /** Refused already at `baseline`. */
  readonly grave: boolean;
}

/** Everything about a pod's isolation that is weaker than it could be. */
function weaknesses({ pod }: PodTemplate): ReadonlyMap<string, Fact> {
  const facts = new Map<string, Fact>();
  const add = (key: string, text: string, path: Fact['path'], grave = false): void => {
    if (!facts.has(key)) facts.set(key, { key, text, path, grave });
  };
  for (const { allowed, covered, control, offences } of judgePod(pod, { level: 'restricted' })) {
    if (allowed || covered) continue;
    // Whether it is missing or refused is one weakness.
    for (const { text, path } of offences) {
      const name = path[1] === 'securityContext' ? 'pod' : `${String(path[1])}/${containerName(pod, path)}`;
      add(
        `${control.id} ${/must/.test(text) ? '' : neutral(text)} ${name}`,
        text,
        path,
        control.level === 'baseline' || !/must/.test(text),
      );
    }
  }
  for (const { name, path, securityContext } of pod.containers) {
    if (path[1] !== 'containers' || memberOf(securityContext, 'readOnlyRootFilesystem') === true) continue;
    add(`readOnlyRootFilesystem ${name}`, `container \`${name}\` can write its root file system`, path);
  }
  return facts;
}

function containerName(pod: PodTemplate['pod'], path: Fact['path']): string {
  return pod.containers.find((each) => each.path[1] === path[1] && each.path[2] === path[2])?.name ?? '';
}

export const podAspect: Aspect = {
  kinds: WORKLOAD_KINDS,
  *compare(pair) {
    const [a, b] = [pair.sideA.templates.get(pair.a), pair.sideB.templates.get(pair.b)];
    if (!a || !b) return;
    const [inA, inB] = [weaknesses(a), weaknesses(b)];
    yield* onlyIn(pair, inB, inA, 'b', b, a);
    yield* onlyIn(pair, inA, inB, 'a', a, b);
    yield* account(pair, a, b);
  },
};

function* onlyIn(
  { sideA, sideB }: Pair,
  has: ReadonlyMap<string, Fact>,
  lacks: ReadonlyMap<string, Fact>,
  weaker: 'a' | 'b',
  template: PodTemplate,
  other: PodTemplate,
): Generator<Omit<ParityDifference, 'subject'>> {
  const label = weaker === 'a' ? sideA.label : sideB.label;
  const otherLabel = weaker === 'a' ? sideB.label : sideA.label;
  for (const fact of has.values()) {
    if (lacks.has(fact.key)) continue;
    const here = placeAt(template.resource, template.at(fact.path), fact.text);
    const there = placeAt(other.resource, other.at(fact.path), 'not so');
    yield {
      class: 'security',
      aspect: 'pod',
      text: `in ${label} ${fact.text}, in ${otherLabel} not`,
      weaker,
      grave: fact.grave,
      ...(weaker === 'a' ? { a: here, b: there } : { a: there, b: here }),
    };
  }
}

function* account({ sideA, sideB }: Pair, a: PodTemplate, b: PodTemplate): Generator<Omit<ParityDifference, 'subject'>> {
  const accounts = [a, b].map(
    ({ pod }) => textAt(pod.spec, 'serviceAccountName') ?? textAt(pod.spec, 'serviceAccount') ?? 'default',
  );
  if (neutral(accounts[0]!) !== neutral(accounts[1]!)) {
    yield {
      class: 'security',
      aspect: 'account',
      text: `runs as service account \`${accounts[0]}\` in ${sideA.label} and \`${accounts[1]}\` in ${sideB.label}`,
      a: placeAt(a.resource, a.at(['spec', 'serviceAccountName']), accounts[0]!),
      b: placeAt(b.resource, b.at(['spec', 'serviceAccountName']), accounts[1]!),
    };
  }
  const tokens = [a, b].map(({ pod }) => memberOf(pod.spec, 'automountServiceAccountToken') !== false);
  if (tokens[0] !== tokens[1]) {
    yield {
      class: 'security',
      aspect: 'account',
      text: `mounts its token in ${tokens[0] ? sideA.label : sideB.label} only`,
      weaker: tokens[0] ? 'a' : 'b',
      a: placeAt(a.resource, a.at(['spec', 'automountServiceAccountToken']), String(tokens[0])),
      b: placeAt(b.resource, b.at(['spec', 'automountServiceAccountToken']), String(tokens[1])),
    };
  }
}
