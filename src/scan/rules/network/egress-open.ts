import { originOf } from '#model/origin.ts';
import { covers, intervalsOf, overlaps, PRIVATE } from '../../reach/address.ts';
import type { Path } from '#model/origin.ts';
import type { Workload } from '#model/system.ts';
import type { Policy, PolicyRule } from '../../reach/policy.ts';
import { resourceName } from '../../reach/reasons.ts';
import { indented } from '../fix-text.ts';
import type { Hit, SystemRule } from '../../rule.ts';
import { controllersOf } from '../../reach/exposures/proxies.ts';
import { factsOf, names, NETWORK_POLICIES, NSA_HARDENING } from './facts.ts';
import { EGRESS } from './info.ts';

interface Open {
  readonly policy: Policy;
  readonly path: Path;
  readonly subjects: readonly Workload[];
}

const PRIVATE_V4 = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', '100.64.0.0/10'];

export const egressOpen = {
  id: 'network.egress-open',
  name: 'Egress to everywhere',
  severity: 'low',
  cwe: [923],
  why: 'Whoever takes the workload over can fetch tools, send data out, and reach every private address: other pods, nodes, the cloud metadata service, networks behind a VPN.',
  help: 'name what it calls; for the internet take private ranges out with `except`',
  references: [NETWORK_POLICIES, NSA_HARDENING],
  tags: EGRESS,
  *check(context): Iterable<Hit> {
    const facts = factsOf(context);
    const proxies = new Set(controllersOf(facts.system, []).map(({ id }) => id));
    const open = facts.policies.flatMap(({ policy, subjects }) =>
      (policy.egress ?? []).flatMap((rule): Open[] => {
        const found = openPart(rule);
        const held = subjects.filter(({ id }) => !proxies.has(id));
        return found && held.length > 0 ? [{ policy, path: found, subjects: held }] : [];
      }),
    );
    // One finding a namespace: the same line stands in every policy of many systems.
    for (const [namespace, all] of Map.groupBy(open, ({ policy }) => policy.resource.metadata.namespace)) {
      const [first, ...more] = all as [Open, ...Open[]];
      const ids = [...new Set(all.flatMap(({ subjects }) => subjects.map(({ id }) => id)))];
      const store = ids.some((id) => facts.stores.has(id));
      yield {
        title: `egress of ${names(ids)} is open to every address`,
        severity: store ? 'medium' : 'low',
        at: { resource: first.policy.resource, path: first.path },
        detail: namespace,
        related: more.slice(0, 20).flatMap(({ policy, path }) => {
          const location = originOf(policy.resource, path);
          return location ? [{ location, message: `${resourceName(policy.resource)} says the same` }] : [];
        }),
        fix: {
          text: 'allow the calls that the workload makes; where it needs the internet, take private ranges out',
          yaml: indented({ to: [{ ipBlock: { cidr: '0.0.0.0/0', except: PRIVATE_V4 } }] }),
        },
      };
    }
  },
} satisfies SystemRule;

const ALL_V4 = intervalsOf(['0.0.0.0/0']);

/** The path of what opens it. DNS alone to everywhere is no open egress. */
function openPart(rule: PolicyRule): Path | undefined {
  if (rule.ports !== 'any' && rule.ports.every((port) => 'first' in port && port.first === 53 && port.last === 53))
    return undefined;
  if (rule.peers === 'any') return rule.path;
  const at = rule.peers.findIndex(
    (peer) =>
      peer.kind === 'block' &&
      (covers(peer.ranges, ALL_V4) || (peer.text.startsWith('0.0.0.0/0') && overlaps(peer.ranges, PRIVATE.slice(0, 1)))),
  );
  return at < 0 ? undefined : [...rule.path, 'to', at];
}
