import { isolationAvailable } from '#host/isolation.ts';

/** Whether workloads can have namespaces of their own on this machine, found out by making some; `text` is for people. */
export function describeIsolation(): { readonly ok: boolean; readonly text: string } {
  const found = isolationAvailable();
  if (!found.ok) return { ok: false, text: found.why };
  const how = found.how === 'root' ? 'can be made (root)' : 'can be made (user namespaces)';
  return { ok: true, text: found.note === '' ? how : `${how}; ${found.note}` };
}
