import type { Path } from '#model/origin.ts';
import { resourceName } from '../../reach/reasons.ts';
import { asObject, listAt, memberOf } from '#base/raw.ts';
import { formatSelector, readSelector, selects } from '../../reach/selector.ts';
import type { Selector } from '../../reach/selector.ts';
import { indented } from '../fix-text.ts';
import type { FindingEdit } from '#model/finding.ts';
import { originOf } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { Hit, SystemRule } from '../../rule.ts';
import { factsOf, NETWORK_POLICIES } from './facts.ts';
import type { NetworkFacts } from './facts.ts';
import { SEGMENTATION } from './info.ts';

export const splitPeer = {
  id: 'network.split-peer',
  name: 'Peer split in two by a stray dash',
  severity: 'high',
  cwe: [284, 697],
  why: 'Items of `from` and `to` are alternatives. With a dash before each selector the rule lets in every pod of the namespaces, or pods with these labels here, where only such pods of those namespaces were meant.',
  help: 'write both selectors in one item',
  references: [`${NETWORK_POLICIES}#behavior-of-to-and-from-selectors`],
  tags: SEGMENTATION,
  *check(context): Iterable<Hit> {
    const facts = factsOf(context);
    for (const { policy, subjects } of facts.policies) {
      const { resource } = policy;
      for (const [direction, side] of [
        ['ingress', 'from'],
        ['egress', 'to'],
      ] as const) {
        for (const [r, rule] of listAt(resource.spec, direction).entries()) {
          const items = listAt(rule, side);
          for (let i = 0; i + 1 < items.length; i++) {
            const pair = splitPair(items[i], items[i + 1]);
            if (!pair || !wasMeant(facts, pair, resource.metadata.namespace)) continue;
            yield hitOf(resource, ['spec', direction, r, side], i, pair, direction === 'ingress' && subjects.length > 0);
          }
        }
      }
    }
  },
} satisfies SystemRule;

interface Pair {
  readonly namespaces: unknown;
  readonly pods: unknown;
}

/** One item with a namespace selector alone, the next (or the one before) with a pod selector alone. */
function splitPair(first: unknown, second: unknown): Pair | undefined {
  const only = (item: unknown, name: string): unknown => {
    const object = asObject(item);
    return object && Object.keys(object).length === 1 ? memberOf(object, name) : undefined;
  };
  const [a, b] = [only(first, 'namespaceSelector'), only(second, 'podSelector')];
  if (a !== undefined && b !== undefined) return { namespaces: a, pods: b };
  const [c, d] = [only(first, 'podSelector'), only(second, 'namespaceSelector')];
  return c !== undefined && d !== undefined ? { namespaces: d, pods: c } : undefined;
}

/**
 * Two alternatives make sense when such pods are here; when they are there, or nowhere here, one peer was meant. So it was when the
 * namespaces hold the policy's own: the pods would be let in twice.
 */
function wasMeant({ pods, system }: NetworkFacts, pair: Pair, home: string): boolean {
  const [namespaces, labels] = [readSelector(pair.namespaces), readSelector(pair.pods)];
  if (labels.requirements.length === 0) return false;
  const chosen = new Set(system.namespaces.filter((each) => selects(namespaces, each.labels)).map(({ name }) => name));
  if (chosen.has(home)) return true;
  const having = pods.filter((pod) => selects(labels, pod.labels));
  if (having.some(({ namespace }) => namespace !== home && chosen.has(namespace))) return true;
  return !having.some(({ namespace }) => namespace === home);
}

function hitOf(resource: Resource, path: Path, index: number, pair: Pair, inward: boolean): Hit {
  const merged = { namespaceSelector: pair.namespaces, podSelector: pair.pods };
  const text = (selector: Selector, all: string): string =>
    selector.requirements.length === 0 ? all : `with \`${formatSelector(selector)}\``;
  const [namespaces, pods] = [readSelector(pair.namespaces), readSelector(pair.pods)];
  const document = originOf(resource);
  const edits: readonly FindingEdit[] = document
    ? [
        { op: 'set', document, path: [...path, index], value: merged },
        { op: 'remove', document, path: [...path, index + 1] },
      ]
    : [];
  return {
    title: `${resourceName(resource)} ${inward ? 'lets in' : 'allows'} all pods of namespaces ${text(namespaces, 'of any name')}, or pods ${text(pods, '')} here: a dash splits one peer in two`,
    severity: inward ? 'high' : 'medium',
    at: { resource, path: [...path, index + 1] },
    fix: { text: 'remove the dash, so that both selectors are one item', yaml: indented([merged]), edits },
  };
}
