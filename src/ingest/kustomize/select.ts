// Which objects a patch or replacement means.
import { groupOf } from '../kinds.ts';
import type { KustomizeObject } from './object.ts';
import { kindOfObject, nameOf, namespaceOf, objectAt, textAt } from './object.ts';

/** `target` of a patch: every member that is written must fit; texts are regular expressions over the whole name. */
export interface Selector {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly labelSelector: string;
  readonly annotationSelector: string;
}

export function selectorOf(raw: unknown): Selector {
  return {
    group: textAt(raw, 'group'),
    version: textAt(raw, 'version'),
    kind: textAt(raw, 'kind'),
    name: textAt(raw, 'name'),
    namespace: textAt(raw, 'namespace'),
    labelSelector: textAt(raw, 'labelSelector'),
    annotationSelector: textAt(raw, 'annotationSelector'),
  };
}

export function selects(selector: Selector, object: KustomizeObject): boolean {
  const apiVersion = textAt(object.tree, 'apiVersion');
  const version = apiVersion.slice(apiVersion.indexOf('/') + 1);
  const names = [nameOf(object), ...object.formerNames];
  return (
    whole(selector.group, groupOf(apiVersion)) &&
    whole(selector.version, version) &&
    whole(selector.kind, kindOfObject(object)) &&
    names.some((name) => whole(selector.name, name)) &&
    (whole(selector.namespace, namespaceOf(object)) || (namespaceOf(object) === '' && whole(selector.namespace, 'default'))) &&
    labelsFit(selector.labelSelector, object, 'labels') &&
    labelsFit(selector.annotationSelector, object, 'annotations')
  );
}

const LITERAL = /^[\w/-]*$/;

/** Kustomize anchors these expressions. One that may cost too much or is none is compared as it is written. */
function whole(pattern: string, text: string): boolean {
  if (pattern === '' || pattern === text) return true;
  if (LITERAL.test(pattern)) return false;
  // Alternatives, classes and single repetitions; nothing that repeats a repetition.
  if (
    pattern.length > 200 ||
    text.length > 253 ||
    /[)][*+{]|[*+}][*+{]/.test(pattern) ||
    (pattern.match(/[*+{]/g) ?? []).length > 3
  )
    return false;
  try {
    return new RegExp(`^(?:${pattern.replaceAll(/^\^|\$$/g, '')})$`).test(text);
  } catch {
    return false;
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
