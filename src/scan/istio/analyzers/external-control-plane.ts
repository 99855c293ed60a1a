// Webhooks of a control plane outside the cluster.
import { parseIpRange } from '#base/ip-set.ts';
import { objectAt, textAt } from '#base/raw.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import type { MeshIndex } from '../mesh-index.ts';
import { ADMISSION_GROUP, webhooksOf } from '../webhooks.ts';
import type { Webhook } from '../webhooks.ts';

export const EXTERNAL_CONTROL_PLANE_ANALYZER = {
  id: 'istio.external-control-plane',
  analyzer: 'externalcontrolplane.ExternalControlPlaneAnalyzer',
  name: 'address of an external control plane that cannot work',
  severity: 'low',
  cwe: [16],
  why: 'Validation and injection are asked at this address. Without one they fail, and with failurePolicy Ignore nothing is validated.',
  help: 'give the host name of the gateway in front of the control plane',
  references: [messageUrl('InvalidExternalControlPlaneConfig'), messageUrl('ExternalControlPlaneAddressIsNotAHostname')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    const all = [
      ...mesh.kind(ADMISSION_GROUP, 'ValidatingWebhookConfiguration'),
      ...mesh.kind(ADMISSION_GROUP, 'MutatingWebhookConfiguration'),
    ];
    for (const resource of all) {
      if (!/^(?:istio-validator|istiod-default-validator|istio-sidecar-injector)/.test(resource.metadata.name)) continue;
      for (const hook of webhooksOf(resource)) yield* judge(hook);
    }
  },
} satisfies MeshAnalyzer;

function* judge({ resource, name, path, clientConfig }: Webhook): Generator<MeshHit> {
  if (objectAt(clientConfig, 'service')) return;
  const text = textAt(clientConfig, 'url');
  const at = { resource, path: [...path, 'clientConfig'] };
  const url = text === undefined ? undefined : parse(text);
  if (url === undefined) {
    yield {
      code: 'InvalidExternalControlPlaneConfig',
      at,
      title: text === undefined ? `webhook \`${name}\` has no address` : `webhook \`${name}\` has an address that is no URL`,
      detail: name,
    };
    return;
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (parseIpRange(host) === undefined) return;
  yield {
    code: 'ExternalControlPlaneAddressIsNotAHostname',
    severity: 'info',
    at: { resource, path: [...path, 'clientConfig', 'url'] },
    title: `webhook \`${name}\` calls an address, \`${host}\`, and no host name`,
    detail: name,
  };
}

function parse(text: string): URL | undefined {
  const url = URL.parse(text);
  return url && url.hostname !== '' ? url : undefined;
}
