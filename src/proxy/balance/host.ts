// One endpoint as a destination sees it, and what is remembered of it while configurations come and go.
import type { UpstreamEndpoint } from '../upstreams.ts';

export class Host {
  readonly endpoint: UpstreamEndpoint;
  /** When it came, for its slow start; -Infinity for those that were there from the beginning. */
  readonly sinceMs: number;
  consecutive5xx = 0;
  consecutiveGateway = 0;
  consecutiveLocal = 0;
  /** 0 while it takes requests. */
  ejectedUntilMs = 0;
  /** How often it was ejected lately; each makes the next one longer. */
  ejections = 0;
  restoredMs = 0;

  constructor(endpoint: UpstreamEndpoint, sinceMs: number) {
    this.endpoint = endpoint;
    this.sinceMs = sinceMs;
  }
}

/** A host with its place in one configuration. */
export interface Member {
  readonly host: Host;
  readonly weight: number;
  /** Region, zone and subzone; '' when not known. */
  readonly locality: string;
  readonly labels: Readonly<Record<string, string>>;
}
