// Settings of the whole mesh that take protection away.
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { meshConfigOf, istioConfigMap } from '../../istio/mesh-config.ts';
import { memberOf, objectAt, textAt } from '../../reach/raw.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { ISTIO_SECURITY, meshIndex, nameOf, TRANSIT_TAGS } from './common.ts';

interface Holder {
  readonly resource: Resource;
  readonly config: unknown;
  /** Where it is written; text inside a ConfigMap has no places of its own. */
  readonly at: (path: Path) => Path;
}

/** Every place that holds a MeshConfig: the ConfigMap that istiod reads, and what the operators take. */
function* holders(context: ScanContext): Generator<Holder> {
  const mesh = meshIndex(context);
  const map = istioConfigMap(mesh);
  if (map) yield { resource: map, config: meshConfigOf(mesh), at: () => ['data', 'mesh'] };
  for (const resource of mesh.kind('install.istio.io', 'IstioOperator'))
    yield { resource, config: objectAt(resource.spec, 'meshConfig'), at: (path) => ['spec', 'meshConfig', ...path] };
  for (const resource of mesh.kind('sailoperator.io', 'Istio')) {
    const config = objectAt(objectAt(resource.spec, 'values'), 'meshConfig');
    yield { resource, config, at: (path) => ['spec', 'values', 'meshConfig', ...path] };
  }
}

export const outboundAllowAny = {
  id: 'mesh.outbound-allow-any',
  name: 'Workloads may call every address outside',
  severity: 'low',
  cwe: [923, 668],
  why: 'What a compromised workload has read it can send anywhere, and fetch its tools from anywhere; calls to hosts that nobody registered are seen as bytes at best.',
  help: 'set `outboundTrafficPolicy.mode: REGISTRY_ONLY` and register what is called by ServiceEntries',
  references: ['https://istio.io/latest/docs/tasks/traffic-management/egress/egress-control/'],
  tags: ['nsa-k8s:network', 'soc2:CC6.6'],
  *check(context: ScanContext): Generator<Hit> {
    const fix = {
      text: 'let out only what is registered',
      yaml: 'outboundTrafficPolicy:\n  mode: REGISTRY_ONLY\n',
    };
    for (const { resource, config, at } of holders(context)) {
      const mode = textAt(objectAt(config, 'outboundTrafficPolicy'), 'mode');
      if (mode !== 'ALLOW_ANY') continue;
      yield {
        title: 'every workload of the mesh may call every address outside (ALLOW_ANY)',
        at: { resource, path: at(['outboundTrafficPolicy', 'mode']) },
        fix,
      };
    }
    for (const sidecar of meshIndex(context).istio('networking', 'Sidecar')) {
      if (textAt(objectAt(sidecar.spec, 'outboundTrafficPolicy'), 'mode') !== 'ALLOW_ANY') continue;
      yield {
        title: `Sidecar \`${nameOf(sidecar)}\` lets its workloads call every address outside (ALLOW_ANY)`,
        at: { resource: sidecar, path: ['spec', 'outboundTrafficPolicy', 'mode'] },
        fix,
      };
    }
  },
} satisfies SystemRule;

export const autoMtlsOff = {
  id: 'mesh.auto-mtls-off',
  name: 'Automatic mutual TLS switched off',
  severity: 'medium',
  cwe: [319],
  why: 'Without it sidecars send plaintext to each other unless a DestinationRule says otherwise for each host; a new service is in clear, and where STRICT is demanded it fails, until somebody loosens it.',
  help: 'remove `enableAutoMtls: false`',
  references: [ISTIO_SECURITY],
  tags: TRANSIT_TAGS,
  *check(context: ScanContext): Generator<Hit> {
    for (const { resource, config, at } of holders(context)) {
      if (memberOf(config, 'enableAutoMtls') !== false) continue;
      yield {
        title: 'sidecars send plaintext unless told otherwise (`enableAutoMtls: false`)',
        at: { resource, path: at(['enableAutoMtls']) },
      };
    }
  },
} satisfies SystemRule;

export const pathsNotNormalised = {
  id: 'mesh.paths-not-normalised',
  name: 'Paths are judged as they are sent',
  severity: 'medium',
  cwe: [22, 863],
  why: 'With `NONE` a policy compares the raw path. `/public/../admin` begins with `/public`, and a server that resolves the dots answers `/admin`.',
  help: 'remove the setting, or use `MERGE_SLASHES` or `DECODE_AND_MERGE_SLASHES`',
  references: ['https://istio.io/latest/docs/reference/config/security/normalization/'],
  tags: ['nsa-k8s:authorization', 'soc2:CC6.1'],
  *check(context: ScanContext): Generator<Hit> {
    for (const { resource, config, at } of holders(context)) {
      if (textAt(objectAt(config, 'pathNormalization'), 'normalization') !== 'NONE') continue;
      yield {
        title: 'policies judge paths without normalising them (`NONE`)',
        at: { resource, path: at(['pathNormalization', 'normalization']) },
      };
    }
  },
} satisfies SystemRule;
