// Places: endpoints sorted by how near they are, and how requests are shared between near and far (Envoy, priority levels; Istio, LocalityLoadBalancerSetting).
import type { LocalitySetting } from '#model/istio-traffic.ts';
import { covers, distance } from '#plan/locality.ts';
import type { Member } from './host.ts';

/** Who calls, as far as nearness asks. */
export interface Origin {
  readonly locality: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Members that are equally near. */
export interface Stratum {
  readonly members: readonly Member[];
  /** Of 100, when shares are written; else the nearest takes all while enough of it is healthy. */
  readonly share: number | undefined;
}

/** A level takes all of its load until less than 1/1.4 of it is healthy (Envoy's overprovisioning factor). */
const OVERPROVISIONING = 1.4;

/** @returns at least one stratum, nearest first */
export function stratify(members: readonly Member[], origin: Origin, setting: LocalitySetting | undefined): readonly Stratum[] {
  const all = [{ members, share: undefined }];
  if (setting?.enabled === false || members.length < 2) return all;
  const rule = setting?.distribute.find(({ from }) => origin.locality !== '' && covers(from, origin.locality));
  if (rule) return distributed(members, rule.to);
  const levelOf = levels(origin, setting);
  if (!levelOf) return all;
  const byLevel = [...Map.groupBy(members, levelOf)].sort(([a], [b]) => a - b);
  return byLevel.map(([, near]) => ({ members: near, share: undefined }));
}

function distributed(members: readonly Member[], to: Readonly<Record<string, number>>): readonly Stratum[] {
  const strata = Object.entries(to).map(([pattern, share]) => ({
    members: members.filter(({ locality }) => locality !== '' && covers(pattern, locality)),
    share,
  }));
  const some = strata.filter((one) => one.members.length > 0);
  return some.length > 0 ? some : [{ members, share: undefined }];
}

function levels(origin: Origin, setting: LocalitySetting | undefined): ((member: Member) => number) | undefined {
  const labels = setting?.failoverPriority ?? [];
  // The more of the listed labels agree, from the first on, the nearer.
  if (labels.length > 0)
    return (member) => {
      const differs = labels.findIndex((label) => {
        const [name = '', wanted = origin.labels[name]] = label.split('=', 2);
        return wanted === undefined || member.labels[name] !== wanted;
      });
      return differs < 0 ? 0 : labels.length - differs;
    };
  if (origin.locality === '') return undefined;
  const next = setting?.failover.find(({ from }) => from === origin.locality.split('/', 1)[0])?.to;
  return ({ locality }) => {
    const far = distance(origin.locality, locality);
    return far < 3 || locality.split('/', 1)[0] === next ? far : 4;
  };
}

/**
 * Which stratum a request goes to.
 * @param healthy members of each that take requests @param point in [0, 1)
 * @returns index, or -1 when nobody is healthy
 */
export function chooseStratum(strata: readonly Stratum[], healthy: readonly number[], point: number): number {
  const loads = strata[0]!.share === undefined ? byPriority(strata, healthy) : byShare(strata, healthy);
  let left = point * loads.reduce((sum, load) => sum + load, 0);
  let last = -1;
  for (let i = 0; i < loads.length; i++) {
    if (loads[i]! <= 0) continue;
    last = i;
    left -= loads[i]!;
    if (left < 0) return i;
  }
  return last;
}

function byPriority(strata: readonly Stratum[], healthy: readonly number[]): number[] {
  let left = 100;
  return strata.map(({ members }, i) => {
    const able = Math.min(100, (OVERPROVISIONING * 100 * healthy[i]!) / members.length);
    const load = Math.min(left, able);
    left -= load;
    return load;
  });
}

function byShare(strata: readonly Stratum[], healthy: readonly number[]): number[] {
  return strata.map(({ share = 0 }, i) => (healthy[i]! > 0 ? share : 0));
}
