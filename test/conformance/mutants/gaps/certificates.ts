// Gap: expired, expiring or superseded certificates in trees, generated clients and Secrets.
import { certificate, ecKey, EXT, LEAF_USAGE, rootCertificate } from '../../../fakes/certificates.ts';
import { nameDer } from '#pki/certificate-write.ts';
import { textBytes } from '#pki/der.ts';
import { context } from '#pki/der.ts';
import { add, casesOf } from '../world.ts';
import type { Doc, Gap, World } from '../world.ts';
import { MUTANTS_NOW } from '../now.ts';

const DAY_MS = 86_400_000;
/** An authority that lies nowhere in the tree. */
const AUTHORITY = rootCertificate({ subject: nameDer('Shop', 'Shop CA') });

/** A certificate of `host` valid from and until so many days from now. */
function pem(host: string, fromDays: number, untilDays: number): string {
  return certificate({
    key: ecKey(),
    issuer: AUTHORITY,
    subject: nameDer('Shop', host),
    notBeforeMs: MUTANTS_NOW + fromDays * DAY_MS,
    notAfterMs: MUTANTS_NOW + untilDays * DAY_MS,
    extensions: [EXT.notCa(), EXT.keyUsage(LEAF_USAGE), EXT.names(textBytes(context(2, false), host))],
  }).pem;
}

const secret = (name: string, text: string): Doc => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'sock-shop', annotations: { 'cullis.dev/rotated-at': new Date(MUTANTS_NOW).toISOString() } },
  type: 'kubernetes.io/tls',
  data: { 'tls.crt': Buffer.from(text).toString('base64'), 'tls.key': '' },
});

/** Where a certificate may lie. */
const PLACES: Readonly<Record<string, (world: World, text: string) => void>> = {
  'a PEM file': (world, text) => {
    world.files['certs/more.pem'] = text;
  },
  'a Secret': (world, text) => add(world, secret('more-tls', text)),
  'a ConfigMap': (world, text) => {
    add(world, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'trust', namespace: 'sock-shop' },
      data: { 'ca.crt': text },
    });
  },
  'a generated client': (world, text) => {
    world.files['clients/generated/trust.ts'] = `// Code generated; do not edit.\nexport const CERTIFICATE = \`${text}\`;\n`;
  },
  'a generated client in Go': (world, text) => {
    world.files['clients/generated/trust.go'] =
      `// Code generated; do not edit.\npackage client\n\nconst certificate = \`${text}\`\n`;
  },
};

export const gap: Gap = {
  name: 'certificates',
  codes: ['certificates.'],
  cases(systems) {
    const base = systems.sockShop();
    base.files['certs/shop.pem'] = pem('shop.example.com', -10, 80);
    const over = (certificates: Readonly<Record<string, () => string>>): Record<string, (world: World) => void> =>
      Object.fromEntries(
        Object.entries(PLACES).flatMap(([where, put]) =>
          Object.entries(certificates).map(([what, make]) => [`${where}: ${what}`, (world: World) => put(world, make())]),
        ),
      );
    return casesOf(
      base,
      over({
        expired: () => pem('old.example.com', -400, -35),
        'expired yesterday': () => pem('just.example.com', -91, -1),
        'expiring in five days': () => pem('soon.example.com', -85, 5),
        superseded: () => pem('shop.example.com', -60, 30),
      }),
      over({
        valid: () => pem('new.example.com', -1, 89),
        'valid for a year': () => pem('year.example.com', -1, 364),
        'another host of the same owner': () => pem('api.example.com', -60, 60),
        'from this hour on': () => pem('hour.example.com', 0, 60),
      }),
    );
  },
};
