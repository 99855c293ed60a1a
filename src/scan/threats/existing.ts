// Controls that the manifests show to be there.
import type { System } from '#model/system.ts';
import { asObject, listAt, objectAt, textAt } from '#base/raw.ts';
import { evidenceAt } from '../attack/evidence.ts';
import type { Evidence } from '../attack/model.ts';

const LIMIT_ANNOTATION = /(?:limit-(?:rps|rpm|connections)|rate-?limit)/i;
const known = new WeakMap<System, readonly Evidence[]>();

/** What limits the rate of requests before a workload; undefined when nothing is seen that does. Limits are taken to hold for their namespace. */
export function isLimited(system: System, workload: string): Evidence | undefined {
  let limits = known.get(system);
  if (!limits) {
    limits = system.resources.flatMap((resource) => {
      if (resource.kind === 'RateLimitPolicy') return [evidenceAt('RateLimitPolicy', resource)];
      if (resource.kind === 'BackendTrafficPolicy' && objectAt(resource.spec, 'rateLimit'))
        return [evidenceAt('rate limit of a BackendTrafficPolicy', resource, ['spec', 'rateLimit'])];
      if (
        resource.kind === 'EnvoyFilter' &&
        JSON.stringify(resource.spec ?? null)
          .slice(0, 200_000)
          .includes('ratelimit')
      )
        return [evidenceAt('rate limit of an EnvoyFilter', resource)];
      if (resource.kind === 'Middleware' && asObject(objectAt(resource.spec, 'rateLimit')))
        return [evidenceAt('rate limit of a Middleware', resource, ['spec', 'rateLimit'])];
      const key = Object.keys(resource.metadata.annotations).find((each) => LIMIT_ANNOTATION.test(each.slice(0, 200)));
      return key === undefined ? [] : [evidenceAt(`\`${key}\``, resource, ['metadata', 'annotations', key])];
    });
    known.set(system, limits);
  }
  const namespace = workload.slice(0, workload.indexOf('/'));
  return limits.find(
    ({ resource }) => resource!.metadata.namespace === namespace || resource!.metadata.namespace === system.mesh.rootNamespace,
  );
}

/** What writes down each call with the identity of the caller. */
export function logsCalls(system: System, namespace: string): Evidence | undefined {
  for (const resource of system.resources) {
    // This platform's own proxies write an event for every request.
    if (resource.kind === 'Platform' && resource.apiVersion.startsWith('cullis.dev/'))
      return evidenceAt('the platform writes an event for every call', resource);
    if (resource.kind !== 'Telemetry' || !resource.apiVersion.startsWith('telemetry.istio.io/')) continue;
    const { namespace: own } = resource.metadata;
    const logs = listAt(resource.spec, 'accessLogging').some(
      (each) =>
        asObject(each)?.['disabled'] !== true && (listAt(each, 'providers').length > 0 || textAt(each, 'mode') === undefined),
    );
    if (logs && (own === namespace || own === system.mesh.rootNamespace))
      return evidenceAt('access logs of the mesh', resource, ['spec', 'accessLogging']);
  }
  return undefined;
}
