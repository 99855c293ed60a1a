// Rules over the settings of the cluster itself.
import type { SystemRule } from '../rule.ts';
import { admissionPolicy } from './cluster/admission-policy.ts';
import { apiServer } from './cluster/api-server.ts';
import { auditLog } from './cluster/audit-log.ts';
import { auditPolicy } from './cluster/audit-policy.ts';
import { controllers } from './cluster/controllers.ts';
import { encryptionConfig } from './cluster/encryption-config.ts';
import { encryptionOff } from './cluster/encryption-off.ts';
import { etcd } from './cluster/etcd.ts';
import { kubelet } from './cluster/kubelet.ts';
import { podSecurity } from './cluster/pod-security.ts';
import { storageClass } from './cluster/encryption-volumes.ts';
import { admissionWebhooks } from './cluster/admission-webhook.ts';

export const CLUSTER_RULES: readonly SystemRule[] = [
  apiServer,
  etcd,
  kubelet,
  controllers,
  encryptionOff,
  encryptionConfig,
  storageClass,
  auditLog,
  auditPolicy,
  podSecurity,
  admissionWebhooks,
  admissionPolicy,
];
