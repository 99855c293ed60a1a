// Label selectors as Kubernetes means them (metav1.LabelSelector): matchLabels and matchExpressions, all ANDed.
import { listAt, recordAt, textAt, textsAt } from '#base/raw.ts';

type Labels = Readonly<Record<string, string>>;

export interface Requirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values: readonly string[];
}

export interface Selector {
  /** Empty: everything. */
  readonly requirements: readonly Requirement[];
  /** Equal for selectors that are written alike. */
  readonly key: string;
}

export const EVERYTHING: Selector = { requirements: [], key: '' };

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;

/** Reads a selector as written. An operator that does not exist matches nothing. */
export function readSelector(raw: unknown): Selector {
  const requirements: Requirement[] = Object.entries(recordAt(raw, 'matchLabels')).map(([key, value]) => ({
    key,
    operator: 'In',
    values: [value],
  }));
  for (const each of listAt(raw, 'matchExpressions')) {
    const operator = OPERATORS.find((known) => known === textAt(each, 'operator'));
    const key = textAt(each, 'key') ?? '';
    requirements.push(operator ? { key, operator, values: textsAt(each, 'values') } : { key, operator: 'In', values: [] });
  }
  return requirements.length === 0 ? EVERYTHING : { requirements, key: JSON.stringify(requirements) };
}

export function selects({ requirements }: Selector, labels: Labels): boolean {
  for (const { key, operator, values } of requirements) {
    const value = Object.hasOwn(labels, key) ? labels[key]! : undefined;
    switch (operator) {
      case 'In':
        if (value === undefined || !values.includes(value)) return false;
        break;
      case 'NotIn':
        if (value !== undefined && values.includes(value)) return false;
        break;
      case 'Exists':
        if (value === undefined) return false;
        break;
      case 'DoesNotExist':
        if (value !== undefined) return false;
        break;
      default:
        operator satisfies never;
    }
  }
  return true;
}

/** Labels that everything it selects carries: what an index can be asked for before each candidate is. */
export function labelsOf({ requirements }: Selector): Labels {
  const labels: Record<string, string> = {};
  for (const { key, operator, values } of requirements)
    if (operator === 'In' && values.length === 1 && key !== '__proto__') labels[key] = values[0]!;
  return labels;
}

/** `app=cart, tier in (a, b), !canary`; `` for everything. */
export function formatSelector({ requirements }: Selector): string {
  return requirements
    .map(({ key, operator, values }) => {
      if (operator === 'Exists') return key;
      if (operator === 'DoesNotExist') return `!${key}`;
      if (operator === 'In' && values.length === 1) return `${key}=${values[0]}`;
      return `${key} ${operator === 'In' ? 'in' : 'not in'} (${values.join(', ')})`;
    })
    .join(', ');
}
