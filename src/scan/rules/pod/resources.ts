import { podTemplates } from '../../pod-template.ts';
import { memberOf, objectAt } from '#base/raw.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { workloadName } from './control-hits.ts';

const ONCE: readonly string[] = ['Job', 'CronJob'];

export const resources = {
  id: 'pod.resources',
  name: 'No limits or probes',
  severity: 'info',
  cwe: [770],
  why: 'Without a memory limit one container can starve every other on its node; without a readiness probe traffic goes to pods that cannot answer, so that a fault of one becomes a fault of the service.',
  help: 'Give each container `resources.limits.memory`, and each serving one a `readinessProbe`.',
  references: [
    'https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/',
    'https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/',
  ],
  tags: ['nsa-k8s:pod', 'owasp-k8s:K01'],
  check,
} as const satisfies SystemRule;

function* check({ system, lint }: ScanContext): Generator<Hit> {
  const serving = new Set(lint.workloads.filter(({ owned }) => owned.length > 0).map(({ id }) => id));
  // A limit range gives limits to what has none.
  const ranged = new Set(system.resources.filter(({ kind }) => kind === 'LimitRange').map(({ metadata }) => metadata.namespace));
  for (const template of podTemplates(system)) {
    if (!template.kubernetes) continue;
    const { workload, pod } = template;
    const running = pod.containers.filter(({ path }) => path[1] === 'containers');
    const podLimits = objectAt(objectAt(pod.spec, 'resources'), 'limits');
    const unlimited = ranged.has(workload.namespace)
      ? undefined
      : running.find(({ raw }) => memberOf(objectAt(objectAt(raw, 'resources'), 'limits') ?? podLimits, 'memory') === undefined);
    const probed = running.some(({ raw }) => objectAt(raw, 'readinessProbe') ?? objectAt(raw, 'livenessProbe'));
    const unprobed = serving.has(workload.id) && !ONCE.includes(workload.kind) && !probed ? running[0] : undefined;
    const lacks = [unlimited && 'a memory limit', unprobed && 'a readiness or liveness probe'].filter(
      (each) => each !== undefined,
    );
    const place = unlimited ?? unprobed;
    if (!place || lacks.length === 0) continue;
    yield {
      title: `${workloadName(template)} lacks ${lacks.join(' and ')}`,
      at: { resource: template.resource, path: template.at(place.path) },
      fix: {
        text: 'Set limits and probes.',
        yaml: 'resources:\n  limits:\n    memory: 256Mi\nreadinessProbe:\n  tcpSocket:\n    port: 8080',
      },
    };
  }
}
