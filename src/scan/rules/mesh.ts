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
import { jwtAudience } from './mesh/jwt-audience.ts';
import { jwtExpiry } from './mesh/jwt-expiry.ts';
import { jwtIssuer } from './mesh/jwt-issuer.ts';
import { jwtForwarded } from './mesh/jwt-forwarded.ts';
import { jwtInlineKey } from './mesh/jwt-inline-key.ts';
import { jwtInUrl } from './mesh/jwt-in-url.ts';
import { jwtKeysPlain } from './mesh/jwt-keys-plaintext.ts';
import { autoMtlsOff } from './mesh/auto-mtls-off.ts';
import { outboundAllowAny } from './mesh/outbound-allow-any.ts';
import { pathsNotNormalised } from './mesh/paths-not-normalised.ts';
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
