import { originOf } from '#model/origin.ts';
import { objectAt, textAt, textsAt } from '#base/raw.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';

export const committed = {
  id: 'secrets-config.committed',
  name: 'Secret manifest with its values',
  severity: 'medium',
  cwe: [312, 540],
  why: 'Base64 hides nothing: everyone who reads the file, its history or a copy of it has the values.',
  help: 'Keep the values in a secret store (ExternalSecret, CSI driver) or encrypt the file (SealedSecret, SOPS), and change what stood here.',
  references: ['https://kubernetes.io/docs/concepts/security/secrets-good-practices/'],
  tags: ['cis-k8s:5.4.2', 'nsa-k8s:secrets', 'pci-dss:8.6.2', 'soc2:CC6.1'],
  check,
} as const satisfies SystemRule;

/** Certificates and what names things are no secrets. */
const PUBLIC =
  /^(?:ca(?:-bundle)?\.(?:crt|pem)|tls\.crt|.{1,100}\.(?:pub|crt|cer)|ssh-publickey|username|user|host|port|database|dbname|namespace)$/;
/** What a cluster or a tool writes itself. */
const MADE: readonly (string | undefined)[] = ['kubernetes.io/service-account-token', 'helm.sh/release.v1'];

const RELATED_MAX = 50;

function* check({ system }: ScanContext): Generator<Hit> {
  for (const resource of system.resources) {
    if (resource.kind !== 'Secret' || resource.apiVersion !== 'v1' || MADE.includes(textAt(resource.body, 'type'))) continue;
    // An export from a cluster, or a file that SOPS encrypted.
    if (resource.metadata.creationTimestamp !== undefined || 'sops' in resource.body) continue;
    const placeholders = textsAt(resource.body, 'placeholders');
    const place = (['stringData', 'data'] as const)
      .map((member) => ({
        member,
        keys: Object.keys(objectAt(resource.body, member) ?? {}).filter(
          (key) => !PUBLIC.test(key) && !placeholders.includes(key),
        ),
      }))
      .find(({ keys }) => keys.length > 0);
    if (!place) continue;
    const keys = place.keys
      .slice(0, 3)
      .map((key) => `\`${key}\``)
      .join(', ');
    yield {
      title: `Secret \`${resource.metadata.name}\` stands here with the values of ${keys}${place.keys.length > 3 ? ` and ${place.keys.length - 3} more` : ''}`,
      at: { resource, path: [place.member, place.keys[0]!] },
      related: place.keys.slice(1, RELATED_MAX).flatMap((key) => {
        const location = originOf(resource, [place.member, key]);
        return location ? [{ location, message: `the value of \`${key}\`` }] : [];
      }),
    };
  }
}
