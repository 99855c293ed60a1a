import type { SystemRule } from '../../rule.ts';
import { PSS, controlHits, offenceText } from './control-hits.ts';

export const unconfined = {
  id: 'pod.unconfined',
  name: 'Kernel confinement switched off',
  severity: 'medium',
  cwe: [693],
  why: 'Seccomp, AppArmor and SELinux keep a container from the calls and files by which flaws of the kernel are reached. Switched off, one flaw of the kernel is enough to leave the container.',
  help: 'Use the profile `RuntimeDefault`, or a `Localhost` profile made for the program.',
  references: [PSS, 'https://kubernetes.io/docs/tutorials/security/seccomp/'],
  tags: ['cis-k8s:5.7.2', 'nsa-k8s:pod'],
  check: (context) =>
    controlHits(context, ['seccompProfile_baseline', 'appArmorProfile', 'seLinuxOptions'], (_, verdict) => ({
      title: offenceText(verdict),
      severity: 'medium',
      fix: {
        text: 'Use `RuntimeDefault`.',
        ...(verdict.control.id === 'seccompProfile_baseline' && {
          yaml: 'securityContext:\n  seccompProfile:\n    type: RuntimeDefault',
        }),
        ...(verdict.control.id === 'appArmorProfile' && {
          yaml: 'securityContext:\n  appArmorProfile:\n    type: RuntimeDefault',
        }),
      },
    })),
} as const satisfies SystemRule;
