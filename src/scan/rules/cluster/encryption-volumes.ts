import { recordAt, textAt } from '#base/raw.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';

export const storageClass = {
  id: 'cluster.encryption-volumes',
  name: 'Volumes unencrypted at rest',
  severity: 'medium',
  cwe: [311],
  why: 'A volume that the cloud stores unencrypted can be read by whoever gets at a snapshot or a copy of it, without any key.',
  help: 'Set the parameter that encrypts, with a key of your own.',
  references: ['https://kubernetes.io/docs/concepts/storage/storage-classes/'],
  tags: ['nsa-k8s:secrets', 'pci-dss:3.5.1', 'soc2:CC6.1'],
  check,
} as const satisfies SystemRule;

interface Row {
  readonly provisioner: RegExp;
  readonly parameter: string;
  /** Not encrypted unless said, in an account whose default was not changed. */
  readonly offByDefault: boolean;
  readonly fix: string;
}

const ROWS: readonly Row[] = [
  {
    provisioner: /^(?:ebs\.csi\.aws\.com|kubernetes\.io\/aws-ebs)$/,
    parameter: 'encrypted',
    offByDefault: true,
    fix: 'parameters:\n  encrypted: "true"\n  kmsKeyId: <key>',
  },
  {
    provisioner: /^efs\.csi\.aws\.com$/,
    parameter: 'encryptInTransit',
    offByDefault: false,
    fix: 'parameters:\n  encryptInTransit: "true"',
  },
  {
    provisioner: /^(?:diskplugin|nasplugin)\.csi\.alibabacloud\.com$/,
    parameter: 'encrypted',
    offByDefault: true,
    fix: 'parameters:\n  encrypted: "true"',
  },
  // Google and Azure encrypt always; what can be said off is said here.
  {
    provisioner:
      /^(?:pd\.csi\.storage\.gke\.io|kubernetes\.io\/gce-pd|disk\.csi\.azure\.com|file\.csi\.azure\.com|kubernetes\.io\/azure-disk|blob\.csi\.azure\.com)$/,
    parameter: 'encrypted',
    offByDefault: false,
    fix: 'parameters:\n  encrypted: "true"',
  },
  {
    provisioner:
      /^(?:driver\.longhorn\.io|rbd\.csi\.ceph\.com|.*\.rbd\.csi\.ceph\.com|cephfs\.csi\.ceph\.com|.*\.cephfs\.csi\.ceph\.com)$/,
    parameter: 'encrypted',
    offByDefault: false,
    fix: 'parameters:\n  encrypted: "true"',
  },
];

function* check({ system }: ScanContext): Generator<Hit> {
  for (const resource of system.resources) {
    if (resource.kind !== 'StorageClass' || !resource.apiVersion.startsWith('storage.k8s.io/')) continue;
    const provisioner = textAt(resource.body, 'provisioner')?.slice(0, 253) ?? '';
    const row = ROWS.find((each) => each.provisioner.test(provisioner));
    if (!row) continue;
    const parameters = recordAt(resource.body, 'parameters');
    const key = Object.keys(parameters).find((name) => name.toLowerCase() === row.parameter.toLowerCase());
    const value = key === undefined ? undefined : parameters[key];
    const off = value !== undefined && /^(?:false|no|0)$/i.test(value);
    if (!off && (value !== undefined || !row.offByDefault)) continue;
    yield {
      title: off
        ? `StorageClass \`${resource.metadata.name}\` makes volumes with \`${row.parameter}: "${value}"\``
        : `StorageClass \`${resource.metadata.name}\` does not say \`${row.parameter}: "true"\``,
      severity: off ? 'medium' : 'low',
      at: { resource, path: key === undefined ? ['parameters'] : ['parameters', key] },
      fix: { text: 'Encrypt the volumes.', yaml: row.fix },
    };
  }
}
