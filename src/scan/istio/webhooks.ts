// Istio's admission webhooks and whom they take.
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { memberOf, textAt } from '#base/raw.ts';
import { readSelector, selects } from '../reach/selector.ts';
import { itemsAt } from './items.ts';
import type { MeshIndex } from './mesh-index.ts';

export const ADMISSION_GROUP = 'admissionregistration.k8s.io';

export interface Webhook {
  readonly resource: Resource;
  readonly name: string;
  readonly path: Path;
  readonly clientConfig: unknown;
  readonly namespaceSelector: unknown;
  readonly objectSelector: unknown;
}

export function webhooksOf(resource: Resource): readonly Webhook[] {
  return itemsAt(resource.body, 'webhooks', []).map(({ raw, path }) => ({
    resource,
    name: textAt(raw, 'name') ?? '',
    path,
    clientConfig: memberOf(raw, 'clientConfig'),
    namespaceSelector: memberOf(raw, 'namespaceSelector'),
    objectSelector: memberOf(raw, 'objectSelector'),
  }));
}

/** The webhooks that add sidecars. */
export function injectionWebhooks(mesh: MeshIndex): readonly Webhook[] {
  return mesh
    .kind(ADMISSION_GROUP, 'MutatingWebhookConfiguration')
    .flatMap(webhooksOf)
    .filter(({ name }) => name === 'sidecar-injector.istio.io' || name.endsWith('.sidecar-injector.istio.io'));
}

/** A label selector with both its forms; nothing said takes everything. */
export function selectorMatches(selector: unknown, labels: Readonly<Record<string, string>>): boolean {
  return selects(readSelector(selector), labels);
}
