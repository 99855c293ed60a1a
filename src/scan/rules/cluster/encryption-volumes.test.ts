import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { storageClass } from './encryption-volumes.ts';

const storage = (provisioner: string, parameters: string): string =>
  `apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: s}\nprovisioner: ${provisioner}\nparameters: {${parameters}}\n`;

testRule(storageClass, {
  fails: [
    ['switched off', storage('ebs.csi.aws.com', 'encrypted: "false"'), 'medium'],
    ['not said', storage('ebs.csi.aws.com', 'type: gp3'), 'low'],
  ],
  passes: [
    ['encrypted', storage('ebs.csi.aws.com', 'encrypted: "true"')],
    ['a provider that always encrypts', storage('pd.csi.storage.gke.io', 'type: pd-ssd')],
  ],
});
