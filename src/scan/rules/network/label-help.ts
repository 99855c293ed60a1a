// The label that was probably meant.
import { nearest } from '#base/nearest.ts';
import type { Requirement, Selector } from '../../reach/selector.ts';
import { selects } from '../../reach/selector.ts';

type Labels = Readonly<Record<string, string>>;

export interface LabelFix {
  readonly key: string;
  readonly wrong: string;
  readonly right: string;
  readonly of: 'key' | 'value';
}

/**
 * The one change of a key or value by which a selector would match something.
 * @param candidates labels of what it may have meant
 */
export function labelFix(selector: Selector, candidates: readonly Labels[]): LabelFix | undefined {
  for (const requirement of selector.requirements) {
    if (requirement.operator !== 'In' && requirement.operator !== 'Exists') continue;
    const others = selector.requirements.filter((each) => each !== requirement);
    const rest = candidates.filter((labels) => selects({ requirements: others, key: '' }, labels));
    const found = fixOf(requirement, rest);
    if (found) return found;
  }
  return undefined;
}

function fixOf({ key, operator, values }: Requirement, candidates: readonly Labels[]): LabelFix | undefined {
  if (operator === 'In') {
    for (const wrong of values) {
      const right = nearest(wrong, new Set(candidates.flatMap((labels) => (Object.hasOwn(labels, key) ? [labels[key]!] : []))));
      if (right !== undefined && right !== wrong) return { key, wrong, right, of: 'value' };
    }
  }
  const carrying = candidates.filter((labels) =>
    Object.keys(labels).some((other) => other !== key && (operator === 'Exists' || values.includes(labels[other]!))),
  );
  const keys = new Set(
    carrying.flatMap((labels) =>
      Object.keys(labels).filter((other) => other !== key && (operator === 'Exists' || values.includes(labels[other]!))),
    ),
  );
  const right = nearest(key, keys) ?? (operator === 'In' && keys.size === 1 ? [...keys][0] : undefined);
  return right === undefined ? undefined : { key, wrong: key, right, of: 'key' };
}
