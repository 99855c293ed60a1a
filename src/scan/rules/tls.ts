// Rules over encryption in transit: at the edge, behind it, and to data stores.
import type { SystemRule } from '../rule.ts';
import { backendPlain } from './tls/backend-plain.ts';
import { backendUnverified } from './tls/backend-unverified.ts';
import { database } from './tls/database-plain.ts';
import { destinationRule } from './tls/upstream-off.ts';
import { gatewayPlain } from './tls/gateway-plain.ts';
import { ingressPlain } from './tls/ingress-plain.ts';
import { loadBalancer } from './tls/load-balancer-plain.ts';
import { noRedirect } from './tls/no-redirect.ts';
import { routePlain } from './tls/route-plain.ts';
import { upstreamUnverified } from './tls/upstream-unverified.ts';
import { verificationOff } from './tls/verification-off.ts';
import { weakSettings } from './tls/weak-settings.ts';

export const TLS_RULES: readonly SystemRule[] = [
  ingressPlain,
  routePlain,
  noRedirect,
  gatewayPlain,
  loadBalancer,
  backendPlain,
  backendUnverified,
  weakSettings,
  database,
  verificationOff,
  upstreamUnverified,
  destinationRule,
];
