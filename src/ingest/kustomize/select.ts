// Which objects a patch or replacement means.
import { groupOf } from '../kinds.ts';
import type { KustomizeObject } from './object.ts';
import { kindOfObject, nameOf, namespaceOf, objectAt, textAt } from './object.ts';

type Matcher = (text: string) => boolean;

/** `target` of a patch: every member that is written must fit; texts are regular expressions over the whole name. */
export interface Selector {
  readonly group: Matcher;
  readonly version: Matcher;
  readonly kind: Matcher;
  readonly name: Matcher;
  readonly namespace: Matcher;
  readonly labelSelector: string;
  readonly annotationSelector: string;
}

export function selectorOf(raw: unknown): Selector {
  const matcher = (key: string): Matcher => whole(textAt(raw, key));
  return {
    group: matcher('group'),
    version: matcher('version'),
    kind: matcher('kind'),
    name: matcher('name'),
    namespace: matcher('namespace'),
    labelSelector: textAt(raw, 'labelSelector'),
    annotationSelector: textAt(raw, 'annotationSelector'),
  };
}

export function selects(selector: Selector, object: KustomizeObject): boolean {
  const apiVersion = textAt(object.tree, 'apiVersion');
  const namespace = namespaceOf(object);
  return (
    selector.kind(kindOfObject(object)) &&
    (selector.name(nameOf(object)) || object.formerNames.some(selector.name)) &&
    selector.group(groupOf(apiVersion)) &&
    selector.version(apiVersion.slice(apiVersion.indexOf('/') + 1)) &&
    (selector.namespace(namespace) || (namespace === '' && selector.namespace('default'))) &&
    labelsFit(selector.labelSelector, object, 'labels') &&
    labelsFit(selector.annotationSelector, object, 'annotations')
  );
}

const LITERAL = /^[\w/-]*$/;

/** Kustomize anchors these expressions. One that may cost too much or is none is compared as it is written. */
function whole(pattern: string): Matcher {
  if (pattern === '') return () => true;
  const same: Matcher = (text) => text === pattern;
  // Alternatives, classes and single repetitions; nothing that repeats a repetition.
  const costly = /[)][*+{]|[*+}][*+{]/.test(pattern) || (pattern.match(/[*+{]/g) ?? []).length > 2;
  if (LITERAL.test(pattern) || pattern.length > 200 || costly) return same;
  try {
    const expression = new RegExp(`^(?:${pattern.replaceAll(/^\^|\$$/g, '')})$`);
    return (text) => text === pattern || (text.length <= 253 && expression.test(text));
  } catch {
    return same;
  }
}

/** `app=cart,tier in (a,b),!legacy` (Kubernetes, Labels and Selectors). */
function labelsFit(selector: string, object: KustomizeObject, member: 'labels' | 'annotations'): boolean {
  if (selector === '') return true;
  const labels = objectAt(object.tree, 'metadata', member) ?? {};
  for (const part of selector.slice(0, 10_000).split(/,(?![^(]{0,1000}\))/)) {
    const text = part.trim();
    const set = /^([\w./-]{1,317})\s{1,20}(in|notin)\s{0,20}\(([^)]{0,2000})\)$/.exec(text);
    const pair = /^([\w./-]{1,317})\s{0,20}(==?|!=)\s{0,20}([\w.-]{0,63})$/.exec(text);
    const [, key, operator, values] = set ?? pair ?? [];
    if (key !== undefined) {
      const wanted = set ? values!.split(',').map((each) => each.trim()) : [values!];
      const has = Object.hasOwn(labels, key) && wanted.includes(textAt(labels, key));
      const negative = operator === 'notin' || operator === '!=';
      if (has === negative) return false;
    } else if (text.startsWith('!') ? Object.hasOwn(labels, text.slice(1)) : !Object.hasOwn(labels, text)) return false;
  }
  return true;
}
