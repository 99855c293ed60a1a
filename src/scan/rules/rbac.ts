// Rules over roles, bindings and service accounts.
import type { SystemRule } from '../rule.ts';
import { aggregation } from './rbac/aggregation.ts';
import { automount } from './rbac/automount.ts';
import { certificateSigning } from './rbac/certificate-signing.ts';
import { clusterAdmin } from './rbac/cluster-admin.ts';
import { defaultAccount } from './rbac/default-account.ts';
import { escalate } from './rbac/escalate.ts';
import { everyone } from './rbac/everyone.ts';
import { impersonate } from './rbac/impersonate.ts';
import { legacyToken } from './rbac/legacy-token.ts';
import { masters } from './rbac/masters.ts';
import { namespaceWrite } from './rbac/namespace-write.ts';
import { nodeProxy } from './rbac/node-proxy.ts';
import { persistentVolume } from './rbac/persistent-volume.ts';
import { podCreate } from './rbac/pod-create.ts';
import { podExec } from './rbac/pod-exec.ts';
import { secrets } from './rbac/secrets.ts';
import { tokenCreate } from './rbac/token-create.ts';
import { webhooks } from './rbac/admission-write.ts';
import { wildcard } from './rbac/wildcard.ts';

export const RBAC_RULES: readonly SystemRule[] = [
  clusterAdmin,
  everyone,
  masters,
  defaultAccount,
  wildcard,
  secrets,
  escalate,
  impersonate,
  tokenCreate,
  certificateSigning,
  podCreate,
  podExec,
  nodeProxy,
  webhooks,
  persistentVolume,
  namespaceWrite,
  aggregation,
  automount,
  legacyToken,
];
