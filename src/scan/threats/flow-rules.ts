// What may happen to what flows.
import type { ThreatContext, ThreatDraft } from './context.ts';
import { control } from './control.ts';
import { isLimited } from './existing.ts';
import { FIGURES as F } from './model.ts';
import type { Element } from './model.ts';

/** What flows is read or changed on its way. */
export function* inTheClear(element: Element, context: ThreatContext): Iterable<ThreatDraft> {
  const { graph, onward } = context;
  if (element.kind !== 'flow' || element.to === undefined) return;
  const target = graph.index.get(element.to);
  const value = context.elements.get(element.to)?.value ?? 0;
  const impact = (value + (target === undefined ? 0 : onward.loss(target))) * F.flowShare;
  if (impact === 0) return;
  const outside = element.from === 'internet';
  const bare = outside ? F.sniffOutside : context.foothold * F.sniff;
  const encrypted = element.encrypted === true;
  const likelihood = encrypted ? bare * F.encryptedLeft : bare;
  const text = outside ? 'TLS at the edge' : 'mutual TLS (PeerAuthentication STRICT)';
  const controls = [control(text, encrypted, bare, bare * F.encryptedLeft, impact, { evidence: element.evidence })];
  const base = {
    likelihood,
    impact: impact / 2,
    controls: controls.map((each) => ({ ...each, reduction: each.reduction / 2 })),
    evidence: [element.evidence],
  };
  const description = encrypted
    ? 'It is encrypted; keys would have to be taken.'
    : 'It is not encrypted: whoever sits on the way sees and changes it.';
  yield {
    ...base,
    stride: 'information-disclosure',
    rule: 'flow-read',
    title: `what goes from ${element.name} is read on its way`,
    description,
  };
  yield {
    ...base,
    stride: 'tampering',
    rule: 'flow-changed',
    title: `what goes from ${element.name} is changed on its way`,
    description,
  };
}

/** Everybody may send as much as they like. */
export function* flood(element: Element, context: ThreatContext): Iterable<ThreatDraft> {
  if (element.kind !== 'flow' || element.from !== 'internet' || element.to === undefined) return;
  const impact = context.value * F.outageShare;
  if (impact === 0) return;
  const limit = isLimited(context.input.system, element.to.slice('workload:'.length));
  yield {
    stride: 'denial-of-service',
    rule: 'flood',
    title: `${element.name} is flooded`,
    description: limit ? 'A rate limit stands before it.' : 'No rate limit stands before it.',
    likelihood: limit ? F.floodLimited : F.flood,
    impact,
    controls: [
      control(
        'a rate limit for each client at the edge (RateLimitPolicy)',
        limit !== undefined,
        F.flood,
        F.floodLimited,
        impact,
        limit ? { evidence: limit } : {},
      ),
    ],
    evidence: [limit ?? element.evidence],
  };
}
