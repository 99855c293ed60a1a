// Gap: certificates that are expired, about to expire or replaced; in other places and other clothes.
import { certificate, ecKey, EXT, LEAF_USAGE, rootCertificate } from '../../../fakes/certificates.ts';
import { nameDer } from '#pki/certificate-write.ts';
import { context, textBytes } from '#pki/der.ts';
import { gap as first } from '../gaps/certificates.ts';
import { add, casesOf } from '../world.ts';
import type { Doc, Gap, World } from '../world.ts';
import { MUTANTS_NOW } from '../now.ts';

const DAY_MS = 86_400_000;
/** An authority that lies nowhere in the tree. */
const AUTHORITY = rootCertificate({ subject: nameDer('Socks', 'Socks CA') });

function pem(host: string, fromDays: number, untilDays: number): string {
  return certificate({
    key: ecKey(),
    issuer: AUTHORITY,
    subject: nameDer('Socks', host),
    notBeforeMs: MUTANTS_NOW + fromDays * DAY_MS,
    notAfterMs: MUTANTS_NOW + untilDays * DAY_MS,
    extensions: [EXT.notCa(), EXT.keyUsage(LEAF_USAGE), EXT.names(textBytes(context(2, false), host))],
  }).pem;
}
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const body = (text: string): string => text.replaceAll(/-----[^-]+-----|\s/g, '');
const lines = (text: string): string => text.trimEnd().replaceAll('\n', '\\n');
const indented = (text: string, by: string): string => text.trimEnd().replaceAll('\n', `\n${by}`);
const file = (path: string, make: (text: string) => string) => (world: World, text: string) => {
  world.files[path] = make(text);
};
const put = (make: (text: string) => Doc) => (world: World, text: string) => add(world, make(text));

/** Where it may lie. */
const PLACES: Readonly<Record<string, (world: World, text: string) => void>> = {
  'a bundle with a comment before it': file('deploy/ca-bundle.crt', (text) => `# Subject: somebody\n${text}`),
  'a .cer beside a program': file('orders/src/main/resources/tls/server.cer', (text) => text),
  'a JavaScript client': file('clients/generated/client.js', (text) => `// generated\nexports.ca = '${lines(text)}';\n`),
  'a Python client': file('clients/generated/client.py', (text) => `# generated\nCA = """${text}"""\n`),
  'a Java client': file(
    'clients/generated/Client.java',
    (text) =>
      `// generated\nfinal class Client {\n  static final String CA = ${text
        .trimEnd()
        .split('\n')
        .map((line) => `"${line}\\n"`)
        .join('\n      + ')};\n}\n`,
  ),
  'a kubeconfig': file(
    'ops/kubeconfig.yaml',
    (text) =>
      `apiVersion: v1\nkind: Config\nclusters:\n  - name: socks\n    cluster:\n      server: https://k8s.example\n      certificate-authority-data: ${base64(text)}\ncontexts: []\nusers: []\n`,
  ),
  'the trust of a webhook': put((text) => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'check' },
    webhooks: [
      {
        name: 'check.socks.example',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Fail',
        clientConfig: { service: { name: 'check', namespace: 'sock-shop' }, caBundle: base64(text) },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
      },
    ],
  })),
  'a Secret of its own kind': put((text) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 'mesh-root',
      namespace: 'sock-shop',
      annotations: { 'cullis.dev/rotated-at': new Date(MUTANTS_NOW).toISOString() },
    },
    type: 'Opaque',
    stringData: { 'root-cert.pem': text },
  })),
  'values of a chart': file('chart/values.yaml', (text) => `tls:\n  ca: |\n    ${indented(text, '    ')}\n`),
  'a variable of a container': put((text) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'probe', namespace: 'sock-shop' },
    spec: {
      containers: [{ name: 'probe', image: 'registry.example.com/probe:1.0.0', env: [{ name: 'CA_CERT', value: text }] }],
    },
  })),
  'a SAML metadata file': file(
    'identity/metadata.xml',
    (text) =>
      `<?xml version="1.0"?>\n<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://id.socks.example"><IDPSSODescriptor><KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>${body(text)}</X509Certificate></X509Data></KeyInfo></KeyDescriptor></IDPSSODescriptor></EntityDescriptor>\n`,
  ),
  'a set of keys': file(
    'identity/jwks.json',
    (text) =>
      `${JSON.stringify({ keys: [{ kty: 'EC', crv: 'P-256', kid: 'a', use: 'sig', x: 'AAAA', y: 'AAAA', x5c: [body(text)] }] }, null, 2)}\n`,
  ),
};

export const gap: Gap = {
  name: 'more-certificates',
  codes: first.codes,
  cases(systems) {
    const base = systems.sockShop();
    base.files['certs/edge.pem'] = pem('edge.socks.example', -5, 85);
    const over = (certificates: Readonly<Record<string, () => string>>): Record<string, (world: World) => void> =>
      Object.fromEntries(
        Object.entries(PLACES).flatMap(([where, place]) =>
          Object.entries(certificates).map(([what, make]) => [`${where}: ${what}`, (world: World) => place(world, make())]),
        ),
      );
    return casesOf(
      base,
      over({
        'expired long ago': () => pem('old.socks.example', -900, -170),
        'ends tomorrow': () => pem('near.socks.example', -89, 1),
      }),
      over({ valid: () => pem('fine.socks.example', -3, 87) }),
    );
  },
};
