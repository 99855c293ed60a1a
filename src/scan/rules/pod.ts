// Rules over pods.
import type { SystemRule } from '../rule.ts';
import { capabilities } from './pod/capabilities.ts';
import { hardening } from './pod/hardening.ts';
import { hostNamespaces } from './pod/host-namespaces.ts';
import { hostPath } from './pod/host-path.ts';
import { hostPort } from './pod/host-port.ts';
import { hostProbe } from './pod/host-probe.ts';
import { kernelView } from './pod/kernel-settings.ts';
import { privileged } from './pod/privileged.ts';
import { refused } from './pod/refused-by-namespace.ts';
import { resources } from './pod/resources.ts';
import { unconfined } from './pod/unconfined.ts';

export const POD_RULES: readonly SystemRule[] = [
  privileged,
  hostNamespaces,
  hostPath,
  capabilities,
  unconfined,
  kernelView,
  hostPort,
  hostProbe,
  refused,
  hardening,
  resources,
];
