/** What the attacker has found out about the place, by scanning or from inside knowledge: as JSON in `INTRUDER_TARGETS`. Everything may be left out. */
export interface Targets {
  /** The billing API as this workload would call it; otherwise `PAYMENT_PROCESSING_SERVICE_HOST` and `_PORT`, as Kubernetes sets them. */
  readonly billing?: Place;
  /** The programs of other workloads themselves, behind their sidecars. */
  readonly apps?: readonly NamedPlace[];
  /** Where other workloads' sidecars take mutual TLS. */
  readonly inbound?: readonly NamedPlace[];
  /** Listeners that other workloads' programs use to call out. */
  readonly foreignOutbound?: readonly NamedPlace[];
  /** SPIFFE id that may use the billing API. */
  readonly wantedIdentity?: string;
  /** Folder with the keys, the store and the journal. */
  readonly stateDir?: string;
  /** Unix sockets of the control plane. */
  readonly controlSockets?: readonly string[];
  /** The admin API and page. */
  readonly admin?: Place;
  /** Addresses outside that somebody answers at, or would. */
  readonly outside?: readonly Place[];
}

export interface Place {
  readonly ip: string;
  readonly port: number;
}

export interface NamedPlace extends Place {
  /** `ecommerce/cart` */
  readonly workload: string;
  /** What is spoken there; http when left out. */
  readonly protocol?: 'http' | 'tcp';
  /** The identity that lives there, for certificates that claim it. */
  readonly identity?: string;
}

export interface Result {
  readonly try: string;
  /** `untried`: no target was known, so nothing is claimed. */
  readonly outcome: 'reached' | 'refused' | 'untried';
  readonly detail: string;
}

/** What one knock at one door gave. */
export interface Knock {
  readonly reached: boolean;
  readonly detail: string;
}

/** One result for several doors: reached when any of them opened. */
export function sum(name: string, knocks: readonly (Knock & { readonly door: string })[]): Result {
  if (knocks.length === 0) return { try: name, outcome: 'untried', detail: 'no target known' };
  const shown = knocks.some((knock) => knock.reached) ? knocks.filter((knock) => knock.reached) : knocks;
  const outcome = knocks.some((knock) => knock.reached) ? 'reached' : 'refused';
  return {
    try: name,
    outcome,
    detail: shown.map((knock) => (knock.door === '' ? knock.detail : `${knock.door}: ${knock.detail}`)).join('; '),
  };
}
