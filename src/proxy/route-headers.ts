import type { HeaderChange } from '#model/gateway.ts';
import type { ResponseChange } from './exchange.ts';
import type { Headers } from './headers.ts';

/** Names that a route may not touch: framing is the codec's, and the host is the authority, which is changed as such. */
const FIXED: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
  'trailer',
  'keep-alive',
  'te',
]);

/** Applies a RequestHeaderModifier: set, then add, then remove (Gateway API, HTTPHeaderFilter). */
export function changeHeaders(headers: Headers, change: HeaderChange): void {
  for (const { name, value } of change.set) if (mayChange(name)) headers.set(name.toLowerCase(), value);
  for (const { name, value } of change.add) if (mayChange(name)) headers.add(name.toLowerCase(), name, value);
  for (const name of change.remove) if (mayChange(name)) headers.remove(name.toLowerCase());
}

/** A ResponseHeaderModifier as single steps, applied when the answer comes. */
export function changesOf(change: HeaderChange): ResponseChange[] {
  return [
    ...change.set.map(({ name, value }) => ({ op: 'set' as const, name: name.toLowerCase(), value })),
    ...change.add.map(({ name, value }) => ({ op: 'add' as const, name: name.toLowerCase(), value })),
    ...change.remove.map((name) => ({ op: 'remove' as const, name: name.toLowerCase(), value: '' })),
  ].filter(({ name }) => mayChange(name));
}

export function applyChanges(headers: Headers, changes: readonly ResponseChange[]): void {
  for (const { op, name, value } of changes) {
    if (op === 'set') headers.set(name, value);
    else if (op === 'add') headers.add(name, name, value);
    else headers.remove(name);
  }
}

function mayChange(name: string): boolean {
  return !FIXED.has(name.toLowerCase());
}
