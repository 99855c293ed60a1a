// Credentials of Gateways: there, with the right parts, and still valid.
import { asObject, memberOf, textAt } from '#base/raw.ts';
import type { Resource } from '#model/resource.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import { selectorOf, serversOf } from '../gateway-server.ts';
import type { MeshIndex } from '../mesh-index.ts';

export const GATEWAY_CREDENTIAL_ANALYZER = {
  id: 'istio.gateway-credential',
  analyzer: 'gateway.SecretAnalyzer',
  name: 'Gateway whose certificate cannot be used',
  severity: 'medium',
  cwe: [295],
  why: 'Without a usable certificate the gateway refuses the connection; the quick way out is to switch TLS off.',
  help: "put a Secret with `tls.crt` and `tls.key` beside the gateway's pods",
  references: [messageUrl('InvalidGatewayCredential'), messageUrl('ReferencedResourceNotFound')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    for (const gateway of mesh.istio('networking', 'Gateway')) yield* judge(mesh, gateway);
  },
} satisfies MeshAnalyzer;

function* judge(mesh: MeshIndex, gateway: Resource): Generator<MeshHit> {
  for (const { tls, path } of serversOf(gateway)) {
    const name = textAt(tls, 'credentialName') ?? '';
    if (name === '' || name.includes('://')) continue;
    const pods = mesh.gatewayPods(selectorOf(gateway));
    if (pods.length === 0) {
      if (!mesh.complete) return;
      yield {
        code: 'ReferencedResourceNotFound',
        at: { resource: gateway, path: ['spec', 'selector'] },
        title: 'no pod carries the labels that the Gateway selects',
      };
      return;
    }
    const namespaces = new Set(pods.map(({ namespace }) => namespace));
    const secrets = mesh
      .kind('', 'Secret')
      .filter(({ metadata }) => metadata.name === name && namespaces.has(metadata.namespace));
    const at = { resource: gateway, path: [...path, 'tls', 'credentialName'] };
    if (secrets.length === 0) {
      // Secrets are best not kept beside manifests.
      if (!mesh.complete) continue;
      const where = [...namespaces].map((each) => `\`${each}\``).join(', ');
      yield { code: 'ReferencedResourceNotFound', at, title: `there is no Secret \`${name}\` in ${where}`, detail: name };
      continue;
    }
    const problem = secrets.map((secret) => problemOf(mesh, secret)).find((each) => each !== undefined);
    if (problem === undefined) continue;
    yield {
      code: 'InvalidGatewayCredential',
      at,
      title: `Secret \`${name}\` cannot be used as the certificate: ${problem}`,
      detail: name,
    };
  }
}

const PAIRS = [
  ['tls.crt', 'tls.key'],
  ['cert', 'key'],
] as const;

function problemOf(mesh: MeshIndex, secret: Resource): string | undefined {
  const keys = new Set(['data', 'stringData'].flatMap((each) => Object.keys(asObject(memberOf(secret.body, each)) ?? {})));
  // Made from elsewhere: nothing is known of what it will hold.
  if (!mesh.complete && keys.size === 0) return undefined;
  const facts = mesh.credentials.get(`${secret.metadata.namespace}/${secret.metadata.name}`);
  if (!PAIRS.some((pair) => pair.every((key) => keys.has(key)))) return 'it lacks `tls.crt` or `tls.key`';
  if (facts === undefined) return undefined;
  if (!facts.usable) return 'the certificate cannot be read';
  if ((facts.notBefore ?? 0) > mesh.now) return 'the certificate is not valid yet';
  return (facts.notAfter ?? Infinity) < mesh.now ? 'the certificate has expired' : undefined;
}
