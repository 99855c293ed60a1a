// Every analyzer of mesh configuration, and the rules of the scan that they make.
import type { SystemRule } from '../rule.ts';
import { ruleOf } from './analyzer.ts';
import type { MeshAnalyzer } from './analyzer.ts';
import { ALPHA_ANNOTATION_ANALYZER } from './analyzers/alpha-annotation.ts';
import { ANNOTATION_ANALYZER } from './analyzers/annotation.ts';
import { APPLICATION_UID_ANALYZER } from './analyzers/application-uid.ts';
import { AUTHORIZATION_POLICY_ANALYZER } from './analyzers/authorization-policy.ts';
import { BLOCKED_CIDRS_ANALYZER } from './analyzers/jwks-fetch-unrestricted.ts';
import { CONDITION_ANALYZER } from './analyzers/condition.ts';
import { CRD_VERSION_ANALYZER } from './analyzers/gateway-api-version.ts';
import { DEPRECATED_FIELD_ANALYZER } from './analyzers/deprecated-field.ts';
import { DESTINATION_RULE_CA_ANALYZER } from './analyzers/destination-rule-ca.ts';
import { DESTINATION_RULE_SUBSETS_ANALYZER } from './analyzers/destination-rule-subset.ts';
import { ENVOY_FILTER_ANALYZER } from './analyzers/envoy-filter.ts';
import { EXTERNAL_CONTROL_PLANE_ANALYZER } from './analyzers/external-control-plane.ts';
import { GATEWAY_API_SELECTOR_ANALYZER } from './analyzers/gateway-api-selector.ts';
import { GATEWAY_CERTIFICATE_ANALYZER } from './analyzers/gateway-certificate.ts';
import { GATEWAY_CONFLICT_ANALYZER } from './analyzers/gateway-conflict.ts';
import { GATEWAY_CREDENTIAL_ANALYZER } from './analyzers/gateway-credential.ts';
import { GATEWAY_PORT_ANALYZER } from './analyzers/gateway-port.ts';
import { IMAGE_AUTO_ANALYZER } from './analyzers/image-auto.ts';
import { INJECTION_ANALYZER } from './analyzers/injection.ts';
import { MESH_NETWORKS_ANALYZER } from './analyzers/mesh-networks.ts';
import { PROXY_IMAGE_ANALYZER } from './analyzers/proxy-image.ts';
import { SERVICE_ASSOCIATION_ANALYZER } from './analyzers/service-association.ts';
import { SERVICE_ENTRY_ADDRESSES_ANALYZER } from './analyzers/service-entry-addresses.ts';
import { SERVICE_ENTRY_CONFLICT_ANALYZER } from './analyzers/service-entry-conflict.ts';
import { SERVICE_PORT_NAME_ANALYZER } from './analyzers/service-port-name.ts';
import { SIDECAR_SELECTOR_ANALYZER } from './analyzers/sidecar-selector.ts';
import { TELEMETRY_DEFAULT_ANALYZER } from './analyzers/telemetry-default.ts';
import { TELEMETRY_PROVIDER_ANALYZER } from './analyzers/telemetry-provider.ts';
import { TELEMETRY_SELECTOR_ANALYZER } from './analyzers/telemetry-selector.ts';
import { VIRTUAL_SERVICE_DESTINATION_ANALYZER } from './analyzers/virtual-service-destination.ts';
import { VIRTUAL_SERVICE_GATEWAY_ANALYZER } from './analyzers/virtual-service-gateway.ts';
import { VIRTUAL_SERVICE_HOSTS_ANALYZER } from './analyzers/virtual-service-hosts.ts';
import { VIRTUAL_SERVICE_JWT_ANALYZER } from './analyzers/virtual-service-jwt.ts';
import { VIRTUAL_SERVICE_MATCH_ANALYZER } from './analyzers/virtual-service-match.ts';
import { VIRTUAL_SERVICE_REGEX_ANALYZER } from './analyzers/regex.ts';
import { VIRTUAL_SERVICE_SUBSET_ANALYZER } from './analyzers/virtual-service-subset.ts';
import { WEBHOOK_ANALYZER } from './analyzers/webhook.ts';

export const MESH_ANALYZERS: readonly MeshAnalyzer[] = [
  ANNOTATION_ANALYZER,
  ALPHA_ANNOTATION_ANALYZER,
  APPLICATION_UID_ANALYZER,
  AUTHORIZATION_POLICY_ANALYZER,
  BLOCKED_CIDRS_ANALYZER,
  CONDITION_ANALYZER,
  CRD_VERSION_ANALYZER,
  DEPRECATED_FIELD_ANALYZER,
  DESTINATION_RULE_CA_ANALYZER,
  DESTINATION_RULE_SUBSETS_ANALYZER,
  ENVOY_FILTER_ANALYZER,
  EXTERNAL_CONTROL_PLANE_ANALYZER,
  GATEWAY_API_SELECTOR_ANALYZER,
  GATEWAY_CERTIFICATE_ANALYZER,
  GATEWAY_CONFLICT_ANALYZER,
  GATEWAY_CREDENTIAL_ANALYZER,
  GATEWAY_PORT_ANALYZER,
  IMAGE_AUTO_ANALYZER,
  INJECTION_ANALYZER,
  MESH_NETWORKS_ANALYZER,
  PROXY_IMAGE_ANALYZER,
  SERVICE_ASSOCIATION_ANALYZER,
  SERVICE_ENTRY_ADDRESSES_ANALYZER,
  SERVICE_ENTRY_CONFLICT_ANALYZER,
  SERVICE_PORT_NAME_ANALYZER,
  SIDECAR_SELECTOR_ANALYZER,
  TELEMETRY_DEFAULT_ANALYZER,
  TELEMETRY_SELECTOR_ANALYZER,
  TELEMETRY_PROVIDER_ANALYZER,
  VIRTUAL_SERVICE_DESTINATION_ANALYZER,
  VIRTUAL_SERVICE_GATEWAY_ANALYZER,
  VIRTUAL_SERVICE_HOSTS_ANALYZER,
  VIRTUAL_SERVICE_JWT_ANALYZER,
  VIRTUAL_SERVICE_MATCH_ANALYZER,
  VIRTUAL_SERVICE_REGEX_ANALYZER,
  VIRTUAL_SERVICE_SUBSET_ANALYZER,
  WEBHOOK_ANALYZER,
];

export const ISTIO_RULES: readonly SystemRule[] = MESH_ANALYZERS.map(ruleOf);
