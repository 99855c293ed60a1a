// What the rules of the threat model share: their shape, and how a control is priced.
import type { ThreatContext, ThreatDraft } from './context.ts';
import type { Control, Element } from './model.ts';

export type ThreatRule = (element: Element, context: ThreatContext) => Iterable<ThreatDraft>;

/** A control that is there took the likelihood from one figure to another; one that is not would. */
export function control(
  text: string,
  exists: boolean,
  without: number,
  withIt: number,
  impact: number,
  more: Pick<Control, 'evidence' | 'fix'> = {},
): Control {
  return { text, exists, reduction: Math.max(0, without - withIt) * impact, ...more };
}
