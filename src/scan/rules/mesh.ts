// Rules over the mesh: istioctl's analyzers, and what they do not look at.
import { ISTIO_RULES } from '../istio/analyzers.ts';
import type { SystemRule } from '../rule.ts';
import { anyPrincipal } from './mesh/any-principal.ts';
import { captureExcluded } from './mesh/capture-excluded.ts';
import { envoyFilterWeakens } from './mesh/envoy-filter-weakens.ts';
import { gatewayAnyHost } from './mesh/gateway-any-host.ts';
import { gatewayClientCertificate } from './mesh/gateway-client-certificate.ts';
import { gatewayNoCertificate } from './mesh/gateway-no-certificate.ts';
import { gatewayPassthrough } from './mesh/gateway-passthrough.ts';
import { identityOverPlaintext } from './mesh/identity-over-plaintext.ts';
import { jwtAudience, jwtExpiry, jwtIssuer } from './mesh/jwt-claims.ts';
import { jwtForwarded, jwtInlineKey, jwtInUrl, jwtKeysPlain } from './mesh/jwt-keys.ts';
import { autoMtlsOff, outboundAllowAny, pathsNotNormalised } from './mesh/mesh-settings.ts';
import { methodGap } from './mesh/method-gap.ts';
import { outsideMesh } from './mesh/outside-mesh.ts';
import { pathBypass } from './mesh/path-bypass.ts';
import { peerPlaintext } from './mesh/peer-plaintext.ts';
import { serviceEntryWide } from './mesh/service-entry-wide.ts';

export const MESH_RULES: readonly SystemRule[] = [
  pathBypass,
  methodGap,
  anyPrincipal,
  identityOverPlaintext,
  outsideMesh,
  captureExcluded,
  peerPlaintext,
  autoMtlsOff,
  pathsNotNormalised,
  outboundAllowAny,
  serviceEntryWide,
  envoyFilterWeakens,
  gatewayAnyHost,
  gatewayClientCertificate,
  gatewayNoCertificate,
  gatewayPassthrough,
  jwtIssuer,
  jwtAudience,
  jwtExpiry,
  jwtKeysPlain,
  jwtInUrl,
  jwtInlineKey,
  jwtForwarded,
  ...ISTIO_RULES,
];
