// EndpointSlice (discovery.k8s.io/v1) as held after validation: where a service is served, as somebody else found out.
import type { Resource } from './resource.ts';

export interface SliceEndpoint {
  /** IP addresses, or names when the slice's type is FQDN. Consumers of the API use the first. */
  readonly addresses: readonly string[];
  /** Absent is ready (EndpointConditions). */
  readonly ready: boolean;
  /** Still answers while it is being ended. */
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly zone: string;
  readonly hostname: string;
}

export interface EndpointSlice {
  readonly namespace: string;
  readonly name: string;
  /** Name of the Service, from the label `kubernetes.io/service-name`. */
  readonly service: string;
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN';
  readonly ports: readonly { readonly name: string; readonly port: number; readonly protocol: 'TCP' | 'UDP' | 'SCTP' }[];
  readonly endpoints: readonly SliceEndpoint[];
  readonly labels: Readonly<Record<string, string>>;
  readonly resource: Resource;
}
