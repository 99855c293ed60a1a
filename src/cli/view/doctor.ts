// The doctor's list: what was looked at, how it is, and what to do where it is not well.
import { table, wrap } from '../text.ts';
import type { Paint } from '../text.ts';

export interface Checkup {
  readonly name: string;
  readonly state: 'good' | 'warn' | 'bad';
  /** What was seen. */
  readonly seen: string;
  /** What to do; only where something is to be done. */
  readonly help?: string;
}

export function renderDoctor(checkups: readonly Checkup[], paint: Paint, columns: number): string[] {
  const words = { good: 'fine', warn: 'note', bad: 'bad' } as const;
  const rows = table(checkups.map((one) => [paint(one.state, words[one.state]), one.name, one.seen]));
  const lines = rows.flatMap((row, i) => {
    const help = checkups[i]?.help;
    return help === undefined ? [row] : [row, ...wrap(help, columns, 6).map((line) => paint('quiet', line))];
  });
  const bad = checkups.filter((one) => one.state === 'bad').length;
  return [...lines, '', bad === 0 ? paint('good', 'fit') : paint('bad', `${bad} of ${checkups.length} are bad`)];
}
