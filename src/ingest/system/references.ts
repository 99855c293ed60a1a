// What documents name and the System does not have. A single document cannot know; the whole does.
import { didYouMean } from '#base/nearest.ts';
import { formatLocation, formatPath, originOf } from '#model/origin.ts';
import type { Path } from '#model/origin.ts';
import type { WorkloadRun } from '#model/platform.ts';
import { resourceId } from '#model/resource.ts';
import type { Resource } from '#model/resource.ts';
import type { System } from '#model/system.ts';
import type { Severity } from '#model/diagnostic.ts';
import type { Findings } from '../findings.ts';

/** Tells every reference that leads nowhere. */
export function checkReferences(system: System, out: Findings): void {
  checkRuns(system, out);
  checkProviders(system, out);
  checkParents(system, out);
}

function tell(
  out: Findings,
  severity: Severity,
  code: string,
  resource: Resource,
  path: Path,
  message: string,
  help: string | undefined,
): void {
  const location = originOf(resource, path);
  out.push({
    code,
    severity,
    message,
    ...(location ? { location } : {}),
    path: formatPath(path),
    ...(help === undefined ? {} : { help }),
  });
}

function checkRuns({ runs, workloads }: System, out: Findings): void {
  const known = Map.groupBy(workloads, (workload) => workload.namespace);
  const taken = new Map<string, WorkloadRun>();
  for (const run of runs) {
    const { namespace } = run.metadata;
    const { workload: name } = run.spec;
    const id = `${namespace}/${name}`;
    const here = known.get(namespace) ?? [];
    const first = taken.get(id);
    if (!here.some((each) => each.name === name)) {
      const message = `there is no workload \`${name}\` in namespace \`${namespace}\``;
      const names = here.map((each) => each.name);
      tell(
        out,
        'error',
        'cullis.unknown-workload',
        run,
        ['spec', 'workload'],
        message,
        didYouMean(name, names) ?? 'give its Deployment, StatefulSet, … too',
      );
    } else if (first) {
      const message = `how \`${id}\` runs is said twice; the other place is ${formatLocation(originOf(first))}`;
      tell(out, 'error', 'cullis.duplicate-run', run, ['spec', 'workload'], message, 'keep one of them');
    }
    taken.set(id, run);
  }
}

function checkProviders({ authorizationPolicies, mesh }: System, out: Findings): void {
  const names = mesh.extensionProviders.map((provider) => provider.name);
  for (const policy of authorizationPolicies) {
    const name = policy.spec.provider?.name;
    if (name === undefined || names.includes(name)) continue;
    const message = `the provider \`${name}\` is not in the mesh configuration: every request that the policy matches is denied`;
    tell(
      out,
      'warning',
      'authz.unknown-provider',
      policy,
      ['spec', 'provider'],
      message,
      didYouMean(name, names) ?? 'add it to `extensionProviders`',
    );
  }
}

function checkParents({ gateways, httpRoutes, grpcRoutes, streamRoutes }: System, out: Findings): void {
  const listeners = new Map(
    gateways.map((gateway) => [resourceId(gateway), gateway.spec.listeners.map((listener) => listener.name)]),
  );
  for (const route of [...httpRoutes, ...grpcRoutes, ...streamRoutes]) {
    const { parentRefs } = route.spec;
    if (parentRefs.length === 0) {
      tell(
        out,
        'warning',
        'gateway.no-parent',
        route,
        ['spec'],
        'the route has no `parentRefs`: it serves nothing',
        'name a Gateway',
      );
    }
    parentRefs.forEach(({ kind, name, namespace = route.metadata.namespace, sectionName }, i) => {
      if (kind !== 'Gateway') return;
      const names = listeners.get(`Gateway ${namespace}/${name}`);
      const path = ['spec', 'parentRefs', i];
      if (!names) {
        const inNamespace = gateways
          .filter((gateway) => gateway.metadata.namespace === namespace)
          .map((gateway) => gateway.metadata.name);
        tell(
          out,
          'warning',
          'gateway.unknown-parent',
          route,
          path,
          `there is no Gateway \`${namespace}/${name}\`: the route is not served there`,
          didYouMean(name, inNamespace),
        );
      } else if (sectionName !== undefined && !names.includes(sectionName)) {
        const message = `Gateway \`${namespace}/${name}\` has no listener \`${sectionName}\`: the route is not served there`;
        tell(out, 'warning', 'gateway.unknown-parent', route, [...path, 'sectionName'], message, didYouMean(sectionName, names));
      }
    });
  }
}
