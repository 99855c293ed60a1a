import { unreachable } from '#base/assert.ts';
import type { HeaderChange } from '#model/gateway.ts';
import type { HeaderEdit } from './authorizer.ts';
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
export function changesOf(change: HeaderChange): HeaderEdit[] {
  return [
    ...change.set.map(({ name, value }) => ({ op: 'set' as const, name: name.toLowerCase(), value })),
    ...change.add.map(({ name, value }) => ({ op: 'add' as const, name: name.toLowerCase(), value })),
    ...change.remove.map((name) => ({ op: 'remove' as const, name: name.toLowerCase(), value: '' })),
  ].filter(({ name }) => mayChange(name));
}

export function applyChanges(headers: Headers, changes: readonly HeaderEdit[]): void {
  for (const { op, name, value } of changes) {
    switch (op) {
      case 'set':
        headers.set(name, value);
        break;
      case 'add':
        headers.add(name, name, value);
        break;
      case 'append':
        if (headers.has(name)) headers.add(name, name, value);
        break;
      case 'default':
        if (!headers.has(name)) headers.add(name, name, value);
        break;
      case 'replace':
        if (headers.has(name)) headers.set(name, value);
        break;
      case 'remove':
        headers.remove(name);
        break;
      default:
        unreachable(op);
    }
  }
}

function mayChange(name: string): boolean {
  return !FIXED.has(name.toLowerCase());
}
