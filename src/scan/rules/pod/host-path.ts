import type { FindingSeverity } from '#model/finding.ts';
import { listAt, memberOf, objectAt, textAt } from '#base/raw.ts';
import type { PodTemplate } from '../../pod-template.ts';
import type { SystemRule } from '../../rule.ts';
import { PSS, controlHits, offenceText } from './control-hits.ts';

/** Sockets of container runtimes: whoever can write to one starts a privileged container. */
const SOCKET =
  /(?:^|\/)(?:docker|containerd|crio|cri-dockerd|podman|dockershim|frakti|rkt)(?:\/[\w.-]+)?\.sock$|(?:^|\/)var\/run$|^\/run$/;
/** Writing here is as good as root on the node. */
const ROOT_EQUAL =
  /^\/(?:$|etc(?:\/|$)|root(?:\/|$)|home(?:\/|$)|proc(?:\/|$)|sys(?:\/|$)|dev$|boot(?:\/|$)|lib(?:64)?(?:\/|$)|usr(?:\/|$)|bin(?:\/|$)|sbin(?:\/|$)|opt\/cni|var\/?$|var\/lib\/?$|var\/lib\/(?:kubelet|docker|containerd|etcd|cni|crio|containers)(?:\/|$)|run\/containerd|var\/spool\/cron)/;
/** Reading here gives keys of the node, of other pods or of the cluster. */
const SECRET_READ =
  /^\/(?:$|etc\/?$|etc\/(?:kubernetes|shadow|ssl)|root(?:\/|$)|home(?:\/|$)|proc\/?$|var\/?$|var\/lib\/?$|var\/lib\/(?:kubelet|docker|containerd|etcd)(?:\/|$))/;

export const hostPath = {
  id: 'pod.host-path',
  name: 'Folder of the node mounted',
  severity: 'medium',
  cwe: [668],
  why: 'A `hostPath` volume gives the container files of its node. A runtime socket or a system folder that can be written is the node itself; one that can only be read may still hold keys of other pods.',
  help: 'Use a `persistentVolumeClaim`, `emptyDir`, `projected` or `csi` volume; where the folder is really needed, mount the narrowest path `readOnly`.',
  references: [PSS, 'https://kubernetes.io/docs/concepts/storage/volumes/#hostpath'],
  tags: ['cis-k8s:5.2.12', 'nsa-k8s:pod'],
  check: (context) =>
    controlHits(context, ['hostPathVolumes'], (template, verdict) => {
      const severity = worst(template);
      return {
        title: offenceText(verdict),
        severity,
        ...(severity === 'critical' && {
          message:
            'Whoever writes to the socket of the container runtime starts a privileged container on the node: a foothold in this pod is root on the node, without any flaw in between.',
        }),
      };
    }),
} as const satisfies SystemRule;

const ORDER: readonly FindingSeverity[] = ['low', 'medium', 'high', 'critical'];

function worst(template: PodTemplate): FindingSeverity {
  const severities = listAt(template.pod.spec, 'volumes').map((volume): FindingSeverity => {
    const path = textAt(objectAt(volume, 'hostPath'), 'path');
    if (path === undefined) return 'low';
    const name = textAt(volume, 'name');
    const mounts = template.pod.containers.flatMap(({ raw }) =>
      listAt(raw, 'volumeMounts').filter((mount) => textAt(mount, 'name') === name),
    );
    if (mounts.length === 0) return 'low';
    const readOnly = mounts.every((mount) => memberOf(mount, 'readOnly') === true);
    return severityOf(path, readOnly);
  });
  return severities.toSorted((a, b) => ORDER.indexOf(b) - ORDER.indexOf(a))[0] ?? 'low';
}

/** A socket takes commands also through a mount that is read-only. */
function severityOf(written: string, readOnly: boolean): FindingSeverity {
  const path = written.length > 1 ? written.replace(/\/$/, '') : written;
  if (SOCKET.test(path)) return path.endsWith('.sock') ? 'critical' : 'high';
  if (!readOnly && ROOT_EQUAL.test(path)) return 'high';
  if (readOnly) return SECRET_READ.test(path) ? 'medium' : 'low';
  return 'medium';
}
