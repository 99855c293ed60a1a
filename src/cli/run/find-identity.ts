import type { IdentityRow } from '../view/identity.ts';
import { shortIdentity } from '../view/status.ts';

/** What stands behind the last `/`. */
export const lastPart = (text: string): string => text.slice(text.lastIndexOf('/') + 1);

/** By SPIFFE id, `namespace/account` or workload id; else by the last part of either. */
export function findIdentity(all: readonly IdentityRow[], name: string): readonly IdentityRow[] {
  const exact = all.filter(
    (one) => one.identity === name || shortIdentity(one.identity) === name || one.workloads.includes(name),
  );
  return exact.length > 0
    ? exact
    : all.filter((one) => lastPart(one.identity) === name || one.workloads.some((workload) => lastPart(workload) === name));
}
