// Containers beside isolation and image: which there are, their variables, their size.
import { listAt, memberOf, objectAt, textAt } from '#base/raw.ts';
import type { PodContainer } from '../../pss/pod.ts';
import { literalSecret } from '../../rules/secrets-config/literal.ts';
import type { Aspect, Pair } from '../aspect.ts';
import type { ParityDifference } from '../face.ts';
import { WORKLOAD_KINDS } from '../kinds.ts';
import { neutral, neutralJson, placeAt } from '../side.ts';
import { shown } from '../../shown.ts';

type Draft = Omit<ParityDifference, 'subject'>;

export const containersAspect: Aspect = {
  kinds: WORKLOAD_KINDS,
  *compare(pair) {
    const { a: resourceA, b: resourceB, sideA, sideB } = pair;
    const [a, b] = [sideA.templates.get(resourceA), sideB.templates.get(resourceB)];
    if (!a || !b) return;
    const others = new Map(b.pod.containers.map((each) => [neutral(each.name), each]));
    const own = new Set(a.pod.containers.map(({ name }) => neutral(name)));
    for (const container of a.pod.containers) {
      const other = others.get(neutral(container.name));
      if (other) yield* compareContainers(pair, container, other);
      else {
        yield {
          class: 'config',
          aspect: 'container',
          text: `container \`${container.name}\` runs in ${sideA.label} only`,
          a: placeAt(resourceA, a.at(container.path), container.name),
        };
      }
    }
    for (const container of b.pod.containers) {
      if (own.has(neutral(container.name))) continue;
      yield {
        class: 'config',
        aspect: 'container',
        text: `container \`${container.name}\` runs in ${sideB.label} only`,
        b: placeAt(resourceB, b.at(container.path), container.name),
      };
    }
    yield* replicas(pair);
  },
};

function* replicas({ a, b, sideA, sideB }: Pair): Generator<Draft> {
  const [left, right] = [memberOf(a.spec, 'replicas') ?? 1, memberOf(b.spec, 'replicas') ?? 1];
  if (left === right) return;
  yield {
    class: 'expected',
    aspect: 'replicas',
    text: `${shown(left)} replicas in ${sideA.label} and ${shown(right)} in ${sideB.label}`,
    a: placeAt(a, ['spec', 'replicas'], shown(left)),
    b: placeAt(b, ['spec', 'replicas'], shown(right)),
  };
}

interface Variable {
  readonly value: string | undefined;
  /** `secret`, `configMap`, … for what is not written out. */
  readonly from: string | undefined;
  readonly index: number;
}

function variables({ raw }: PodContainer): ReadonlyMap<string, Variable> {
  return new Map(
    listAt(raw, 'env').flatMap((each, index) => {
      const name = textAt(each, 'name');
      if (name === undefined) return [];
      const from = Object.keys(objectAt(each, 'valueFrom') ?? {})[0]?.replace(/KeyRef$|Ref$/, '');
      return [[name, { value: textAt(each, 'value'), from, index }]];
    }),
  );
}

/** Switches of protection, when both values are yes or no. */
const SWITCH = /TLS|SSL|VERIFY|INSECURE|AUTH|DEBUG|SECURE|CSRF|CORS/i;
const YES_NO = /^(?:0|1|true|false|yes|no|on|off|enabled?|disabled?)$/i;

function* compareContainers({ a, b, sideA, sideB }: Pair, left: PodContainer, right: PodContainer): Generator<Draft> {
  const [templateA, templateB] = [sideA.templates.get(a)!, sideB.templates.get(b)!];
  const [inA, inB] = [variables(left), variables(right)];
  const place = (name: string): Pick<ParityDifference, 'a' | 'b'> => {
    const [va, vb] = [inA.get(name), inB.get(name)];
    return {
      ...(va && {
        a: placeAt(a, templateA.at([...left.path, 'env', va.index]), va.from === undefined ? 'written out' : `from ${va.from}`),
      }),
      ...(vb && {
        b: placeAt(b, templateB.at([...right.path, 'env', vb.index]), vb.from === undefined ? 'written out' : `from ${vb.from}`),
      }),
    };
  };
  for (const name of new Set([...inA.keys(), ...inB.keys()])) {
    const [va, vb] = [inA.get(name), inB.get(name)];
    if (!va || !vb) {
      yield {
        class: 'config',
        aspect: 'env',
        text: `\`${name}\` is set in ${va ? sideA.label : sideB.label} only`,
        ...place(name),
      };
    } else if ((va.from === 'secret') !== (vb.from === 'secret')) {
      const weaker = va.from === 'secret' ? 'b' : 'a';
      const literal = literalSecret(name, (weaker === 'b' ? vb : va).value ?? '') !== undefined;
      yield {
        class: literal ? 'security' : 'config',
        aspect: 'env',
        text: `\`${name}\` comes from a Secret in ${weaker === 'b' ? sideA.label : sideB.label} and is written out in ${weaker === 'b' ? sideB.label : sideA.label}`,
        ...(literal && { weaker }),
        ...place(name),
      };
    } else if (va.value !== undefined && vb.value !== undefined && va.value !== vb.value && SWITCH.test(name)) {
      const both = YES_NO.test(va.value) && YES_NO.test(vb.value);
      if (both) {
        yield {
          class: 'security',
          aspect: 'env',
          text: `\`${name}\` is \`${va.value}\` in ${sideA.label} and \`${vb.value}\` in ${sideB.label}`,
          ...place(name),
        };
      }
    }
  }
  if (neutralJson(memberOf(left.raw, 'resources')) !== neutralJson(memberOf(right.raw, 'resources'))) {
    yield {
      class: 'expected',
      aspect: 'resources',
      text: `container \`${left.name}\` has other resources in ${sideA.label} than in ${sideB.label}`,
      a: placeAt(a, templateA.at([...left.path, 'resources']), 'resources'),
      b: placeAt(b, templateB.at([...right.path, 'resources']), 'resources'),
    };
  }
  for (const member of ['command', 'args'] as const) {
    if (neutralJson(memberOf(left.raw, member)) === neutralJson(memberOf(right.raw, member))) continue;
    yield {
      class: 'config',
      aspect: 'command',
      text: `container \`${left.name}\` has other \`${member}\` in ${sideA.label} than in ${sideB.label}`,
      a: placeAt(a, templateA.at([...left.path, member]), member),
      b: placeAt(b, templateB.at([...right.path, member]), member),
    };
  }
}
