// A key source that is a service of the mesh. Its name means nothing to this machine's resolver, and its address is private, so it is looked up in the plan.
import { CullisError } from '#base/errors.ts';
import type { Fetch } from '#model/ports.ts';
import type { Cluster, NodePlan } from '#plan/plan.ts';

/**
 * Sends a fetch of a mesh service (`http://idp.shop.svc.cluster.local:8080/keys`, also `idp.shop`, `idp.shop.svc`) to that service's sidecar, where its
 * policies hold as for any client without an identity. Like Istio's control plane it speaks no mutual TLS, so a STRICT port refuses it, which
 * is said at once.
 * @param outside for everything else, with its own guard @param loopback may reach this machine; asked for addresses of the plan only
 */
export function meshFetch(plan: () => NodePlan | undefined, outside: Fetch, loopback: Fetch): Fetch {
  return async (request) => {
    const url = URL.parse(request.url);
    const now = plan();
    const cluster = url && now ? clusterOf(now, url) : undefined;
    if (!url || !now || !cluster) return await outside(request);
    const name = `\`${url.host}\` is the mesh service \`${cluster.service}\``;
    if (url.protocol !== 'http:') throw new CullisError('fetch.refused', `${name}, which is fetched from by http only`);
    const [endpoint] = cluster.endpoints;
    if (!endpoint) throw new CullisError('fetch.failed', `${name}, which nothing serves here`);
    const { address } = endpoint;
    const listener = now.workloads
      .find(({ id }) => id === endpoint.workload)
      ?.inbound.find(({ listen }) => listen.ip === address.ip && listen.port === address.port);
    if (listener?.mtls === 'STRICT') {
      const help = 'write the keys into `jwks`, or let its port take plaintext (PeerAuthentication PERMISSIVE)';
      throw new CullisError('fetch.refused', `${name}, whose port takes mutual TLS only: ${help}`);
    }
    return await loopback({ ...request, url: `http://${address.ip}:${address.port}${url.pathname}${url.search}` });
  };
}

function clusterOf(plan: NodePlan, url: URL): Cluster | undefined {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const host = url.hostname.replace(/\.$/, '');
  return plan.clusters.find((one) => one.port === port && namesOf(one.host, plan.mesh.clusterDomain).includes(host));
}

/** Without the bare name, which is a matter of who asks. */
function namesOf(host: string, clusterDomain: string): string[] {
  const short = host.slice(0, -`.${clusterDomain}`.length);
  return [host, short, short.replace(/\.svc$/, '')];
}
