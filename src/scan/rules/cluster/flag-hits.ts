// Flags of the control plane against a table: one hit per flag that is wrong or missing.
import type { FindingSeverity } from '#model/finding.ts';
import type { System } from '#model/system.ts';
import { componentsOf } from './components.ts';
import type { Component, ComponentName } from './components.ts';
import type { Hit } from '../../rule.ts';

export interface FlagRow {
  readonly flag: string;
  /** Number in the CIS Kubernetes Benchmark 1.10. */
  readonly cis?: string;
  readonly severity: FindingSeverity;
  /**
   * What is wrong with the value, to follow the flag's name: `lets in callers without credentials`; undefined when nothing is.
   * @param value undefined when the flag is not there
   */
  bad(value: string | undefined, component: Component): string | undefined;
  /** Asked of kubeadm's configuration too when the flag is missing there: kubeadm does not set it by itself. */
  readonly notByKubeadm?: boolean;
  /** The line that mends it. */
  readonly fix?: string;
}

export function* flagHits(system: System, name: ComponentName, rows: readonly FlagRow[]): Generator<Hit> {
  for (const component of componentsOf(system)) {
    if (component.name !== name) continue;
    for (const row of rows) {
      const flag = component.flags.get(row.flag);
      if (!flag && component.completed && row.notByKubeadm !== true) continue;
      const wrong = row.bad(flag?.value, component);
      if (wrong === undefined) continue;
      yield {
        title: `\`${name}\` ${flag ? `\`--${row.flag}=${shown(flag.value)}\`` : `without \`--${row.flag}\``} ${wrong}`,
        severity: row.severity,
        at: { resource: component.resource, path: flag?.path ?? component.path },
        detail: `${name} ${row.flag}`,
        tags: row.cis === undefined ? [] : [`cis-k8s:${row.cis}`],
        ...(row.fix !== undefined && { fix: { text: `Set \`${row.fix}\`.`, yaml: `- ${row.fix}` } }),
      };
    }
  }
}

function shown(value: string): string {
  return value.length > 60 ? `${value.slice(0, 60)}…` : value;
}

export function listed(value: string | undefined): readonly string[] {
  return (value ?? '').split(',').map((each) => each.trim());
}

/** Cipher suites without forward secrecy or with a broken cipher (names of IANA and Go). */
export function weakSuites(suites: readonly string[]): readonly string[] {
  return suites.filter((suite) => /RC4|3DES|_DES_|NULL|EXPORT|anon|_MD5$/i.test(suite) || suite.startsWith('TLS_RSA_WITH_'));
}
