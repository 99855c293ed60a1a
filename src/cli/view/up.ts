// Lines of `cullis up`: ports that moved, where things are, and what to write when nothing says how to run.
import type { Opened } from '#app/open.ts';
import type { MovedPort } from '#app/placement.ts';
import type { System } from '#model/system.ts';
import type { Paint } from '../text.ts';

export function renderMoved(moved: readonly MovedPort[], paint: Paint): string[] {
  return moved.map(({ what, wanted, got, why }) => `${paint('warn', 'moved')} ${what} from port ${wanted} to ${got}: ${why}`);
}

export function renderPlaces(opened: Opened, paint: Paint): string[] {
  return [
    `${paint('strong', 'page')}     ${opened.supervisor.adminUrl}/  ${paint('quiet', `token in ${opened.state.folder}/operator-token`)}`,
    `${paint('strong', 'metrics')}  ${opened.supervisor.adminUrl}/metrics`,
    paint('quiet', 'manifests are watched: a change is applied whole, a mistake changes nothing. Ctrl-C stops everything.'),
  ];
}

/** For manifests that no `cullis.dev/v1 Workload` goes with: the document to add, made for the first workload there is. */
export function noRuns(system: System): string[] {
  const [workload] = system.workloads;
  if (!workload) return ['nothing to run: these manifests declare no workload (Deployment, StatefulSet, Pod, …)'];
  return [
    `nothing to run: ${system.workloads.length} workloads are declared, and no document says how one runs on this machine. Add one for each, for example:`,
    '',
    '  apiVersion: cullis.dev/v1',
    '  kind: Workload',
    '  metadata:',
    `    name: ${workload.name}`,
    `    namespace: ${workload.namespace}`,
    '  spec:',
    `    workload: ${workload.name}`,
    '    command: ["node", "server.js"]   # or `address`, for something that runs already',
    '    cwd: .',
  ];
}
