// What may happen to each kind of element. One function a threat; the table at the end is the list to read.
import type { Workload } from '#model/system.ts';
import { memberOf, objectAt } from '#base/raw.ts';
import { rawPod } from '../attack/pod.ts';
import { evidenceAt } from '../attack/evidence.ts';
import { PROBABILITIES as P } from '../attack/probabilities.ts';
import { logsCalls } from './existing.ts';
import { FIGURES as F } from './model.ts';
import type { Control, Element } from './model.ts';
import { controlsOnWay, evidenceOnWay } from './context.ts';
import type { ThreatContext, ThreatDraft } from './context.ts';
import { control } from './control.ts';
import type { ThreatRule } from './control.ts';
import { flood, inTheClear } from './flow-rules.ts';

function workloadOf(element: Element, { workloads }: ThreatContext): Workload | undefined {
  return element.kind === 'flow' || element.kind === 'actor' ? undefined : workloads.get(element.name);
}

/** The jewel itself is read or changed: the way of the attack graph, priced. */
function* jewelTaken(element: Element, context: ThreatContext): Iterable<ThreatDraft> {
  const { graph, search } = context;
  const node = graph.index.get(`asset:${element.name}`);
  if (node === undefined || element.kind === 'flow' || element.value === undefined) return;
  const likelihood = search.probability[node]!;
  if (likelihood === 0) return;
  const half = element.value / 2;
  const controls = controlsOnWay(context, node, half);
  const evidence = evidenceOnWay(context, node);
  const description = `The likeliest way from the internet has ${evidence.length} steps; each stands in the evidence.`;
  const what = element.kind === 'store' ? 'data of' : 'what is done by';
  yield {
    stride: 'information-disclosure',
    rule: 'jewel-read',
    title: `${what} ${element.name} is read by an attacker`,
    description,
    likelihood,
    impact: half,
    controls,
    evidence,
  };
  yield {
    stride: 'tampering',
    rule: 'jewel-changed',
    title: `${what} ${element.name} is changed by an attacker`,
    description,
    likelihood,
    impact: half,
    controls,
    evidence,
  };
}

/** A workload falls, and what it opens from there. */
function* foothold(element: Element, context: ThreatContext): Iterable<ThreatDraft> {
  const { graph, search, onward } = context;
  const node = graph.index.get(element.id);
  if (node === undefined || element.kind === 'flow' || element.kind === 'actor') return;
  const likelihood = search.probability[node]!;
  const impact = onward.loss(node);
  if (likelihood === 0 || impact === 0) return;
  yield {
    stride: 'elevation-of-privilege',
    rule: 'foothold',
    title: `an attacker runs code in ${element.name}`,
    description: 'From there crown jewels are in reach; the impact is what is expected to fall.',
    likelihood,
    impact,
    controls: [...edgeControls(element, context, likelihood, impact), ...controlsOnWay(context, node, impact)],
    evidence: evidenceOnWay(context, node),
  };
}

/** Share of unknown flaws that inspecting requests at the edge stops: a guess that errs low. */
const WAF_STOPS = 0.3;

/** What stands, or would stand, between the internet and a workload that it sends to. */
function edgeControls(
  element: Element,
  { input, exposures }: ThreatContext,
  likelihood: number,
  impact: number,
): readonly Control[] {
  const own = exposures.get(element.name) ?? [];
  if (own.length === 0) return [];
  const [first] = own;
  const evidence = first!.by[0] && {
    ...evidenceAt('where it is opened', first!.by[0]),
    ...(first!.location && { location: first!.location }),
  };
  const asks = own.every(({ authenticated }) => authenticated);
  const bare = asks ? likelihood / P.exposedAuthenticated : likelihood;
  const waf = input.system.resources.find(({ kind }) => kind === 'WafPolicy' || kind === 'WasmPlugin');
  return [
    control(
      'a token or certificate demanded at the edge (RequestAuthentication with AuthorizationPolicy)',
      asks,
      Math.min(1, bare),
      bare * P.exposedAuthenticated,
      impact,
      evidence ? { evidence } : {},
    ),
    control(
      'requests inspected at the edge (WafPolicy)',
      waf !== undefined,
      waf ? likelihood / (1 - WAF_STOPS) : likelihood,
      waf ? likelihood : likelihood * (1 - WAF_STOPS),
      impact,
      waf ? { evidence: evidenceAt(waf.kind, waf) } : {},
    ),
  ];
}

/** Weak facts of the workload itself that lead further: escapes, tokens with rights, credentials of others. */
function* ownFacts(element: Element, context: ThreatContext): Iterable<ThreatDraft> {
  const { graph, search, onward, optionsByFact } = context;
  const node = graph.index.get(element.id);
  if (node === undefined || element.kind === 'flow' || element.kind === 'actor') return;
  const likelihood = search.probability[node]!;
  const seen = new Set<string>();
  for (let i = graph.outStart[node]!; i < graph.outStart[node + 1]!; i++) {
    const edge = graph.edges[graph.out[i]!]!;
    const [id] = edge.facts;
    if (id === undefined || seen.has(id) || id.startsWith('open:')) continue;
    seen.add(id);
    const impact = onward.loss(edge.to) * edge.probability;
    if (impact === 0) continue;
    const controls = (optionsByFact.get(id) ?? []).map((option) =>
      control(option.text, false, likelihood, 0, impact, {
        fix: option.id,
        ...(edge.evidence[0] && { evidence: edge.evidence[0] }),
      }),
    );
    const secret = edge.kind.startsWith('SECRET');
    yield {
      stride: secret ? 'information-disclosure' : 'elevation-of-privilege',
      rule: secret ? 'credential' : edge.kind.startsWith('ESCAPE') ? 'escape' : edge.kind === 'METADATA' ? 'cloud-role' : 'token',
      title: graph.facts.get(id)?.text ?? edge.text,
      description: `An attacker in ${element.name} ${edge.text}.`,
      likelihood: Math.max(likelihood, 1e-6),
      impact,
      controls,
      evidence: edge.evidence,
      detail: id,
    };
  }
}

/** Callers that prove nothing may pose as others. */
function* openCallers(element: Element, context: ThreatContext): Iterable<ThreatDraft> {
  const { graph, search, onward, optionsByFact } = context;
  if (element.kind !== 'process' && element.kind !== 'store') return;
  const fact = `open:${element.name}`;
  const node = graph.index.get(element.id);
  if (node === undefined) return;
  const open = graph.facts.get(fact);
  const flows = (context.flowsTo.get(element.id) ?? []).filter(({ from }) => from !== 'internet');
  const proved = flows.length > 0 && flows.every(({ encrypted }) => encrypted === true);
  const impact = (element.value ?? 0) * F.flowShare + onward.loss(node) * F.flowShare;
  if (impact === 0) return;
  const bare = context.foothold * F.sniff;
  const likelihood = open ? bare : proved ? bare * F.encryptedLeft : search.probability[node]! * F.flowShare;
  const controls: Control[] = (optionsByFact.get(fact) ?? []).map((option) =>
    control(option.text, false, likelihood, bare * F.encryptedLeft, impact, { fix: option.id }),
  );
  if (proved)
    controls.push(
      control('callers prove who they are by mutual TLS', true, bare, bare * F.encryptedLeft, impact, {
        evidence: flows[0]!.evidence,
      }),
    );
  if (!open) controls.push(control('policies let only declared callers in', true, bare, likelihood, impact));
  yield {
    stride: 'spoofing',
    rule: 'open-callers',
    title: open
      ? `any workload calls ${element.name} as if it had business there`
      : `a caller of ${element.name} poses as another one`,
    description: open ? open.text : 'Only declared callers get there; one of them would have to fall first.',
    likelihood,
    impact,
    controls,
    evidence: [open?.evidence ?? element.evidence],
  };
}

/** A workload takes the memory of its machine. */
function* exhaustion(element: Element, context: ThreatContext): Iterable<ThreatDraft> {
  const workload = workloadOf(element, context);
  const impact = context.value * F.outageShare;
  if (!workload || impact === 0) return;
  if (!rawPod(workload).kubernetes) return;
  const containers = rawPod(workload).containers.filter(({ init }) => !init);
  const bare = containers.find(({ raw }) => memberOf(objectAt(objectAt(raw, 'resources'), 'limits'), 'memory') === undefined);
  if (containers.length === 0) return;
  const limited = bare === undefined;
  const evidence = evidenceAt(
    limited ? 'every container has a memory limit' : `container \`${bare.name}\` has no memory limit`,
    workload.resource,
    bare ? bare.path : rawPod(workload).path,
  );
  yield {
    stride: 'denial-of-service',
    rule: 'exhaustion',
    title: `${element.name} takes the memory of its machine, and its neighbours with it`,
    description: evidence.text,
    likelihood: limited ? F.exhaustionLimited : F.exhaustion,
    impact,
    controls: [control('a memory limit for every container', limited, F.exhaustion, F.exhaustionLimited, impact, { evidence })],
    evidence: [evidence],
  };
}

/** No tag means `latest`. */
function isLatest(image: string): boolean {
  return image.endsWith(':latest') || image.lastIndexOf(':') <= image.lastIndexOf('/');
}

/** The image is another one tomorrow. */
function* replacedImage(element: Element, context: ThreatContext): Iterable<ThreatDraft> {
  const workload = workloadOf(element, context);
  const node = context.graph.index.get(element.id);
  if (!workload || node === undefined) return;
  const impact = context.onward.loss(node) + (element.value ?? 0) * F.flowShare;
  const containers = rawPod(workload).containers;
  const images = containers
    .map(({ raw }) => raw['image'])
    .filter((image): image is string => typeof image === 'string' && image !== '');
  if (images.length === 0 || impact === 0) return;
  const worst = images.find((image) => !image.includes('@') && isLatest(image)) ?? images.find((image) => !image.includes('@'));
  const pinned = worst === undefined;
  const bare = !pinned && isLatest(worst) ? F.imageByLatest : F.imageByTag;
  const at = containers.find(({ raw }) => raw['image'] === (worst ?? images[0]));
  const evidence = evidenceAt(
    pinned ? 'images are named by digest' : `image \`${worst}\` is named by a tag, which may move`,
    workload.resource,
    at ? rawPod(workload).at([...at.path, 'image']) : [],
  );
  yield {
    stride: 'tampering',
    rule: 'image',
    title: `another image runs as ${element.name}`,
    description: evidence.text,
    likelihood: pinned ? F.imageByDigest : bare,
    impact,
    controls: [control('images named by digest', pinned, bare, F.imageByDigest, impact, { evidence })],
    evidence: [evidence],
  };
}

/** Nobody can say afterwards who did it. */
function* noTrace(element: Element, context: ThreatContext): Iterable<ThreatDraft> {
  if (element.value === undefined || element.kind === 'flow') return;
  const log = logsCalls(context.input.system, element.boundary);
  const impact = element.value * F.traceShare;
  yield {
    stride: 'repudiation',
    rule: 'no-trace',
    title: `who used ${element.name} cannot be told afterwards`,
    description: log ? 'Calls are written down.' : 'Nothing in the manifests writes down who calls it.',
    likelihood: log ? F.noTraceLogged : F.noTrace,
    impact,
    controls: [
      control(
        'access logs with the identity of each caller',
        log !== undefined,
        F.noTrace,
        F.noTraceLogged,
        impact,
        log ? { evidence: log } : {},
      ),
    ],
    evidence: [log ?? element.evidence],
  };
}

export const THREAT_RULES: readonly ThreatRule[] = [
  jewelTaken,
  foothold,
  ownFacts,
  openCallers,
  inTheClear,
  flood,
  exhaustion,
  replacedImage,
  noTrace,
];
