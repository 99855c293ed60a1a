// Rules over the network: policies that are missing, wider than they mean, or that do not do what they say.
import type { SystemRule } from '../rule.ts';
import { allowAll } from './network/allow-all.ts';
import { autoscaledRange } from './network/autoscaled-range.ts';
import { cidrTooWide } from './network/cidr-too-wide.ts';
import { egressOpen } from './network/egress-open.ts';
import { hostNetwork } from './network/host-network.ts';
import { ignoredRules } from './network/ignored-rules.ts';
import { ipv6 } from './network/ipv6-counterpart.ts';
import { meshOnly } from './network/mesh-only.ts';
import { metadataEgress } from './network/metadata-egress.ts';
import { noDefaultDeny } from './network/no-default-deny.ts';
import { noPolicy } from './network/no-policy.ts';
import { podAddress } from './network/pod-address.ts';
import { selectsNothing } from './network/selects-nothing.ts';
import { servicePort } from './network/service-port.ts';
import { splitPeer } from './network/split-peer.ts';
import { unknownPeer } from './network/unknown-peer.ts';
import { worldIngress } from './network/world-ingress.ts';

export const NETWORK_RULES: readonly SystemRule[] = [
  noPolicy,
  meshOnly,
  noDefaultDeny,
  allowAll,
  worldIngress,
  cidrTooWide,
  autoscaledRange,
  podAddress,
  egressOpen,
  metadataEgress,
  selectsNothing,
  ignoredRules,
  unknownPeer,
  splitPeer,
  servicePort,
  hostNetwork,
  ipv6,
];
