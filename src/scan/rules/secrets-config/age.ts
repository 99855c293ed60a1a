import { memberOf, textAt } from '#base/raw.ts';
import { secretAges } from '../../secret-age.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';

export const age = {
  id: 'secret.age',
  name: 'Secret not changed for too long',
  severity: 'medium',
  cwe: [262, 263, 324],
  why: 'The longer a secret lives, the more people, backups and logs have seen it; a leak that nobody noticed stays good until the value changes.',
  help: 'Change the value every 30 days, best by short leases from a secret store; write the day into `cullis.dev/rotated-at`.',
  references: ['NIST SP 800-57 part 1 section 5.3', 'PCI DSS 4.0.1 requirement 8.6.3'],
  tags: ['nsa-k8s:secrets', 'pci-dss:3.7.4', 'pci-dss:8.6.3', 'soc2:CC6.1'],
  check,
} as const satisfies SystemRule;

function* check({ system, now, secretAges: ages }: ScanContext): Generator<Hit> {
  for (const { resource, path, days, daysMax, by } of secretAges(system, now, ages)) {
    const { name } = resource.metadata;
    const source = by === 'history' ? 'the history of its file' : `\`${by}\``;
    if (days < 0) {
      yield {
        title: `${resource.kind} \`${name}\` says that it was changed in ${-days} ${days === -1 ? 'day' : 'days'}, which has yet to come (${source})`,
        at: { resource, path },
        detail: 'future',
      };
    } else if (days > daysMax) {
      yield {
        title: `${resource.kind} \`${name}\` has not been changed for ${days} days (${source}); ${daysMax} are allowed`,
        severity: days > 12 * daysMax ? 'high' : 'medium',
        at: { resource, path },
        detail: 'age',
      };
    }
  }
  for (const resource of system.resources) {
    if (resource.kind !== 'ExternalSecret' && resource.kind !== 'ClusterExternalSecret') continue;
    const interval = memberOf(resource.spec, 'refreshInterval');
    const never = interval === 0 || (typeof interval === 'string' && /^0[smh]?$/.test(interval));
    const once = textAt(resource.spec, 'refreshPolicy') === 'CreatedOnce';
    if (!never && !once) continue;
    yield {
      title: `${resource.kind} \`${resource.metadata.name}\` is read once and never again: a value that was changed in the store does not arrive`,
      severity: 'low',
      at: { resource, path: ['spec', once ? 'refreshPolicy' : 'refreshInterval'] },
      detail: 'refresh',
      fix: { text: 'Read it again.', yaml: 'spec:\n  refreshInterval: 1h' },
    };
  }
}
