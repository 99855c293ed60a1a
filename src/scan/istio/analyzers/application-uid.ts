import { numberAt, objectAt } from '#base/raw.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import { containersOf } from '../mesh-index.ts';
import type { MeshIndex, PodView } from '../mesh-index.ts';
import type { Path } from '#model/origin.ts';

/** The user that the sidecar runs as; what this user sends is not redirected into the sidecar. */
const PROXY_UID = 1337;

export const APPLICATION_UID_ANALYZER = {
  id: 'istio.application-uid',
  analyzer: 'deployment.ApplicationUIDAnalyzer',
  name: 'application runs as the user of the sidecar',
  severity: 'medium',
  cwe: [693],
  why: 'Traffic of user 1337 is left out of the redirection into the sidecar. An application with this user talks past the mesh: without mutual TLS, without policy, unseen.',
  help: 'let the application run as another user',
  references: [messageUrl('InvalidApplicationUID')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    for (const pod of mesh.pods) {
      const path = runsAsProxy(pod);
      if (path === undefined) continue;
      yield {
        code: 'InvalidApplicationUID',
        at: { resource: pod.resource, path },
        title: `${pod.resource.kind} \`${pod.name}\` runs as user ${PROXY_UID}, which is the sidecar's`,
        fix: {
          text: 'choose another user',
          yaml: 'securityContext:\n  runAsUser: 10001\n',
        },
      };
    }
  },
} satisfies MeshAnalyzer;

function runsAsProxy(pod: PodView): Path | undefined {
  const ofPod = numberAt(objectAt(pod.spec, 'securityContext'), 'runAsUser') === PROXY_UID;
  const containers = containersOf(pod, ['containers']).filter(({ name }) => name !== 'istio-proxy');
  // A gateway's pod holds the proxy only, as it should.
  if (containers.length === 0) return undefined;
  if (ofPod) return [...pod.base, 'spec', 'securityContext', 'runAsUser'];
  const found = containers.find(({ raw }) => numberAt(objectAt(raw, 'securityContext'), 'runAsUser') === PROXY_UID);
  return found && [...found.path, 'securityContext', 'runAsUser'];
}
