// Every control of the Pod Security Standards, one row each, gravest first.
import type { Control } from './control.ts';
import { allowPrivilegeEscalation } from './controls/allow-privilege-escalation.ts';
import { appArmorProfile } from './controls/app-armor-profile.ts';
import { capabilitiesBaseline, capabilitiesRestricted } from './controls/capabilities.ts';
import { hostNamespaces } from './controls/host-namespaces.ts';
import { hostPathVolumes } from './controls/host-path-volumes.ts';
import { hostPorts } from './controls/host-ports.ts';
import { hostProbesAndHostLifecycle } from './controls/host-probes.ts';
import { privileged } from './controls/privileged.ts';
import { procMount, procMountRestricted } from './controls/proc-mount.ts';
import { restrictedVolumes } from './controls/restricted-volumes.ts';
import { runAsNonRoot } from './controls/run-as-non-root.ts';
import { runAsUser } from './controls/run-as-user.ts';
import { seLinuxOptions } from './controls/se-linux-options.ts';
import { seccompProfileBaseline, seccompProfileRestricted } from './controls/seccomp-profile.ts';
import { sysctls } from './controls/sysctls.ts';
import { windowsHostProcess } from './controls/windows-host-process.ts';

export const PSS_CONTROLS: readonly Control[] = [
  privileged,
  hostNamespaces,
  hostPathVolumes,
  windowsHostProcess,
  capabilitiesBaseline,
  hostPorts,
  procMount,
  seccompProfileBaseline,
  appArmorProfile,
  seLinuxOptions,
  sysctls,
  hostProbesAndHostLifecycle,
  allowPrivilegeEscalation,
  capabilitiesRestricted,
  runAsNonRoot,
  runAsUser,
  seccompProfileRestricted,
  restrictedVolumes,
  procMountRestricted,
];
