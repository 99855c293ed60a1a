// From the internet to ports, and from ports into workloads.
import type { Resource } from '#model/resource.ts';
import { resourceId } from '#model/resource.ts';
import { listAt, textAt } from '#base/raw.ts';
import { evidenceAt, evidenceIn } from '../evidence.ts';
import { INTERNET_NODE, accessNode, assetNode, forwardNode, workloadNode } from '../context.ts';
import type { Build } from '../context.ts';
import { exposureText, isIntended } from '../flows.ts';
import type { Evidence, VulnerabilityInput } from '../model.ts';
import { PROBABILITIES as P } from '../probabilities.ts';

/** EXPOSED: every way in. One that nobody means (a data store with a LoadBalancer) is a fact that a fix can end. */
export function exposureEdges(build: Build): void {
  const { builder, reach, assets } = build;
  const internet = builder.node(INTERNET_NODE, 'internet', 'internet');
  for (const exposure of reach.exposures()) {
    if (!build.workloads.has(exposure.to)) continue;
    const to = accessNode(build, exposure.to, exposure.port, 'TCP');
    const text = exposureText(exposure);
    const hindrance =
      (exposure.authenticated ? P.exposedAuthenticated : 1) * (exposure.sources.length > 0 ? P.exposedSources : 1);
    const evidence: Evidence[] = exposure.by.map((resource, i) =>
      placed(text, resource, i === 0 ? exposure.location : undefined),
    );
    if (evidence.length === 0) evidence.push(evidenceIn(text, exposure.location));
    const intended = isIntended(exposure, (id) => assets.has(id));
    const notes = [
      exposure.authenticated ? 'asks who calls' : 'anyone may call',
      ...(exposure.sources.length > 0 ? [`only from ${exposure.sources.slice(0, 3).join(', ')}`] : []),
    ];
    const facts = intended
      ? []
      : [
          builder.fact(
            `exposure:${exposure.to}:${exposure.port}:${exposure.through}:${exposure.by[0] ? resourceId(exposure.by[0]) : ''}`,
            `${exposure.to}:${exposure.port} is open to the internet by ${text}`,
            evidence[0]!,
          ),
        ];
    builder.edge(internet, to, {
      kind: 'EXPOSED',
      probability: P.exposed * hindrance,
      text: `${text}, ${notes.join(', ')}`,
      evidence,
      facts,
      required: intended,
    });
  }
}

function placed(text: string, resource: Resource, location: Evidence['location']): Evidence {
  return { ...evidenceAt(text, resource), ...(location && { location }) };
}

/** EXPLOIT and VULN_*: who can send to a port may get into the program; and what jewels give to whoever can send to them. */
export function footholdEdges(build: Build): void {
  const { builder, assets } = build;
  const exposed = new Set(build.flows.filter(({ from }) => from === 'internet').map(({ to }) => to));
  for (const { id, resource } of build.system.workloads) {
    const ports = portsOf(build, id);
    const asset = assets.get(id);
    if (asset) {
      const text = asset.declared ? 'holds what was declared a crown jewel' : `holds it: ${asset.reason}`;
      builder.edge(workloadNode(build, id), assetNode(build, asset), {
        kind: 'HOLDS',
        probability: P.holds,
        text,
        evidence: [asset.evidence],
      });
    }
    if (ports.length === 0) continue;
    const inside = workloadNode(build, id);
    const known = build.exploits.get(id) ?? [];
    for (const access of ports) {
      builder.edge(access, inside, {
        kind: 'EXPLOIT',
        probability: P.exploitUnknown,
        text: 'by a flaw that nobody knows yet',
        evidence: [evidenceAt(`${id} runs here`, resource)],
      });
      for (const [vulnerability, exploit] of known) {
        const evidence = vulnerability.location
          ? evidenceIn(exploit.text, vulnerability.location)
          : imageEvidence(build, id, vulnerability, exploit.text);
        const fact = builder.fact(`vulnerability:${id}:${vulnerability.id}`, `${id} has ${vulnerability.id}`, evidence);
        const to = exploit.kind === 'VULN_SSRF' ? forwardNode(build, id) : inside;
        builder.edge(access, to, {
          kind: exploit.kind,
          probability: exploit.probability,
          text: exploit.text,
          evidence: [evidence],
          facts: [fact],
        });
      }
      if (asset) jewelEdge(build, id, access, exposed.has(id));
    }
  }
}

/** NO_AUTH: what a jewel gives to anybody who can send to it. */
function jewelEdge(build: Build, id: string, access: number, meantForAll: boolean): void {
  const asset = build.assets.get(id)!;
  const { builder } = build;
  const store = asset.kind === 'database' || asset.kind === 'cache' || asset.kind === 'broker';
  const container = asset.workload.containers[asset.sign?.container ?? 0];
  const open = container && asset.sign?.store.open?.(container);
  const to = assetNode(build, asset);
  if (open) {
    const pod = build.pods.get(id)!;
    const raw = pod.containers.find(({ name }) => name === container.name) ?? pod.containers[0];
    const variable =
      raw && open.variable !== undefined
        ? listAt(raw.raw, 'env').findIndex((each) => textAt(each, 'name') === open.variable)
        : -1;
    const evidence = evidenceAt(
      open.text,
      asset.workload.resource,
      raw ? pod.at([...raw.path, ...(variable >= 0 ? ['env', variable] : ['image'])]) : [],
    );
    const fact = builder.fact(`password:${id}`, `${id} asks for no password`, evidence);
    builder.edge(access, to, {
      kind: 'NO_AUTH',
      probability: P.noPassword,
      text: open.text,
      evidence: [evidence],
      facts: [fact],
    });
  } else if (store || asset.kind === 'vault' || meantForAll) {
    builder.edge(access, to, {
      kind: 'NO_AUTH',
      probability: P.passwordUnknown,
      text: 'with a weak, shared or default credential',
      evidence: [asset.evidence],
    });
  } else {
    builder.edge(access, to, {
      kind: 'NO_AUTH',
      probability: P.openApi,
      text: 'nothing checks who calls',
      evidence: [asset.evidence],
    });
  }
}

/** Access nodes of a workload that something reaches. */
function portsOf(build: Build, id: string): readonly number[] {
  return build.portNodes.get(id) ?? [];
}

function imageEvidence(build: Build, id: string, vulnerability: VulnerabilityInput, text: string): Evidence {
  const workload = build.workloads.get(id)!;
  const pod = build.pods.get(id)!;
  const raw = pod.containers.find(({ raw: each }) => vulnerability.image === undefined || each['image'] === vulnerability.image);
  return evidenceAt(text, workload.resource, raw ? pod.at([...raw.path, 'image']) : []);
}
