import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { encryptionConfig } from './encryption-config.ts';

const encryption = (providers: string, resources = 'secrets'): string =>
  `apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources: [{resources: [${resources}], providers: [${providers}]}]\n`;

const KMS = '{kms: {apiVersion: v2, name: k, endpoint: "unix:///k.sock"}}';

const KEY = '{secretbox: {keys: [{name: k1, secret: "c2VjcmV0IGlzIHNlY3VyZSwgSSB0aGluaw=="}]}}';

testRule(encryptionConfig, {
  fails: [
    ['nothing encrypts', encryption('{identity: {}}'), 'high'],
    ['secrets left out', encryption(KMS, 'configmaps'), 'high'],
    ['key in the file', encryption(KEY), 'high'],
    ['KMS version 1', encryption('{kms: {name: k, endpoint: "unix:///k.sock"}}'), 'low'],
  ],
  passes: [
    ['KMS first', encryption(`${KMS}, {identity: {}}`)],
    ['secrets by their group', encryption(KMS, '"*."')],
  ],
  hidden: /c2VjcmV0/,
});
