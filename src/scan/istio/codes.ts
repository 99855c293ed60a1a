// What istioctl calls its messages: number and level, for those whose number is published (istio.io/latest/docs/reference/config/analysis/).

export type MessageLevel = 'error' | 'warning' | 'info';

export interface MessageKind {
  /** `IST0101`; undefined where the documentation gives no number. */
  readonly number?: string;
  readonly level: MessageLevel;
}

export const MESSAGES = {
  Deprecated: { number: 'IST0002', level: 'warning' },
  ReferencedResourceNotFound: { number: 'IST0101', level: 'error' },
  NamespaceNotInjected: { number: 'IST0102', level: 'info' },
  PodMissingProxy: { number: 'IST0103', level: 'warning' },
  MisplacedAnnotation: { number: 'IST0107', level: 'warning' },
  UnknownAnnotation: { number: 'IST0108', level: 'warning' },
  ConflictingMeshGatewayVirtualServiceHosts: { number: 'IST0109', level: 'error' },
  ConflictingSidecarWorkloadSelectors: { number: 'IST0110', level: 'error' },
  MultipleSidecarsWithoutWorkloadSelectors: { number: 'IST0111', level: 'error' },
  VirtualServiceDestinationPortSelectorRequired: { number: 'IST0112', level: 'error' },
  DeploymentAssociatedToMultipleServices: { number: 'IST0116', level: 'warning' },
  PortNameIsNotUnderNamingConvention: { number: 'IST0118', level: 'info' },
  InvalidRegexp: { number: 'IST0122', level: 'warning' },
  NamespaceMultipleInjectionLabels: { number: 'IST0123', level: 'warning' },
  InvalidAnnotation: { number: 'IST0125', level: 'warning' },
  UnknownMeshNetworksServiceRegistry: { number: 'IST0126', level: 'error' },
  NoMatchingWorkloadsFound: { number: 'IST0127', level: 'warning' },
  NoServerCertificateVerificationDestinationLevel: { number: 'IST0128', level: 'warning' },
  NoServerCertificateVerificationPortLevel: { number: 'IST0129', level: 'warning' },
  VirtualServiceUnreachableRule: { number: 'IST0130', level: 'warning' },
  VirtualServiceIneffectiveMatch: { number: 'IST0131', level: 'info' },
  VirtualServiceHostNotFoundInGateway: { number: 'IST0132', level: 'warning' },
  ServiceEntryAddressesRequired: { number: 'IST0134', level: 'warning' },
  DeprecatedAnnotation: { number: 'IST0135', level: 'info' },
  AlphaAnnotation: { number: 'IST0136', level: 'info' },
  DeploymentConflictingPorts: { number: 'IST0137', level: 'warning' },
  GatewayDuplicateCertificate: { number: 'IST0138', level: 'warning' },
  InvalidWebhook: { number: 'IST0139', level: 'error' },
  IngressRouteRulesNotAffected: { number: 'IST0140', level: 'warning' },
  InvalidApplicationUID: { number: 'IST0144', level: 'warning' },
  ConflictingGateways: { number: 'IST0145', level: 'error' },
  ImageAutoWithoutInjectionWarning: { number: 'IST0146', level: 'warning' },
  ImageAutoWithoutInjectionError: { number: 'IST0147', level: 'error' },
  NamespaceInjectionEnabledByDefault: { number: 'IST0148', level: 'info' },
  JwtClaimBasedRoutingWithoutRequestAuthN: { number: 'IST0149', level: 'error' },
  ExternalNameServiceTypeInvalidPortName: { number: 'IST0150', level: 'warning' },
  EnvoyFilterUsesRelativeOperation: { number: 'IST0151', level: 'warning' },
  EnvoyFilterUsesReplaceOperationIncorrectly: { number: 'IST0152', level: 'error' },
  EnvoyFilterUsesAddOperationIncorrectly: { number: 'IST0153', level: 'error' },
  EnvoyFilterUsesRemoveOperationIncorrectly: { number: 'IST0154', level: 'error' },
  EnvoyFilterUsesRelativeOperationWithProxyVersion: { number: 'IST0155', level: 'warning' },
  InvalidTelemetryProvider: { number: 'IST0157', level: 'warning' },
  PodsIstioProxyImageMismatchInNamespace: { number: 'IST0158', level: 'warning' },
  ConflictingTelemetryWorkloadSelectors: { number: 'IST0159', level: 'error' },
  MultipleTelemetriesWithoutWorkloadSelectors: { number: 'IST0160', level: 'error' },
  InvalidGatewayCredential: { number: 'IST0161', level: 'error' },
  GatewayPortNotDefinedOnService: { number: 'IST0162', level: 'warning' },
  InvalidExternalControlPlaneConfig: { number: 'IST0163', level: 'warning' },
  ExternalControlPlaneAddressIsNotAHostname: { number: 'IST0164', level: 'info' },
  ReferencedInternalGateway: { level: 'warning' },
  IneffectiveSelector: { number: 'IST0166', level: 'warning' },
  IneffectivePolicy: { number: 'IST0167', level: 'warning' },
  NegativeConditionStatus: { level: 'warning' },
  DestinationRuleSubsetNotSelectPods: { number: 'IST0173', level: 'error' },
  UnknownDestinationRuleHost: { level: 'warning' },
  ConflictingServiceEntryProtocol: { level: 'error' },
  GatewayAPICRDVersionBelowMinimum: { level: 'warning' },
  JwksUriFetchUnrestricted: { level: 'info' },
} as const satisfies Readonly<Record<string, MessageKind>>;

export type MessageName = keyof typeof MESSAGES;

/** `istioctl:IST0101`, or the name where there is no number. */
export function messageTag(name: MessageName): string {
  const kind: MessageKind = MESSAGES[name];
  return `istioctl:${kind.number ?? name}`;
}

/** `https://istio.io/latest/docs/reference/config/analysis/ist0101/` */
export function messageUrl(name: MessageName): string {
  const { number }: MessageKind = MESSAGES[name];
  const base = 'https://istio.io/latest/docs/reference/config/analysis/';
  return number === undefined ? base : `${base}${number.toLowerCase()}/`;
}
