// Control catalogues: numbers and our own short words for what each asks, and the rules that speak to it.
// Sources: CIS Kubernetes Benchmark 1.10, NSA/CISA Kubernetes Hardening Guide 1.2 (2022), PCI DSS 4.0.1 (2024), AICPA Trust Services Criteria 2017 (2022).

export interface Control {
  readonly id: string;
  readonly title: string;
  /** Rule ids, or beginnings with `*`; besides these, rules name controls by their tags. */
  readonly rules: readonly string[];
}

export interface Catalogue {
  /** First part of tags: `cis-k8s:5.2.2`. */
  readonly id: string;
  readonly title: string;
  readonly controls: readonly Control[];
}

export const CATALOGUES: readonly Catalogue[] = [
  {
    id: 'cis-k8s',
    title: 'CIS Kubernetes Benchmark',
    controls: [
      { id: '5.1.1', title: 'cluster-admin only where needed', rules: ['rbac.cluster-admin*'] },
      { id: '5.1.2', title: 'little access to secrets', rules: ['rbac.secrets*'] },
      { id: '5.1.3', title: 'no wildcards in roles', rules: ['rbac.wildcard*'] },
      { id: '5.1.5', title: 'default service accounts not used', rules: ['rbac.default-*'] },
      { id: '5.1.6', title: 'tokens mounted only where needed', rules: ['rbac.automount*', 'pod.automount*'] },
      { id: '5.3.2', title: 'every namespace has network policies', rules: ['network.no-policy*', 'network.no-default-deny*'] },
      { id: '5.4.1', title: 'secrets as files rather than environment', rules: ['secrets-config.env*', 'secret.env*'] },
      { id: '5.7.3', title: 'security context applied', rules: [] },
    ],
  },
  {
    id: 'nsa-k8s',
    title: 'NSA/CISA Kubernetes Hardening Guide',
    controls: [
      { id: 'pod', title: 'pod security: non-root, immutable, no privileges', rules: ['pod.*'] },
      { id: 'network', title: 'network separation and encrypted links', rules: ['network.*', 'tls.*'] },
      { id: 'auth', title: 'authentication and authorization', rules: ['rbac.*', 'policy.*', 'mesh.*'] },
      { id: 'secrets', title: 'secrets encrypted and kept apart', rules: ['secret.*', 'secrets.*', 'secrets-config.*'] },
      { id: 'audit', title: 'audit logging', rules: ['cluster.audit*'] },
      { id: 'upgrade', title: 'patches and scanning', rules: ['vulnerability.*', 'image.*', 'build.*'] },
    ],
  },
  {
    id: 'pci-dss',
    title: 'PCI DSS 4.0.1',
    controls: [
      { id: '1.2.1', title: 'network rules are defined and kept', rules: ['network.*'] },
      {
        id: '1.3.1',
        title: 'inbound traffic limited to what is needed',
        rules: ['network.no-policy*', 'network.cidr*', 'network.default-allow*'],
      },
      {
        id: '1.3.2',
        title: 'outbound traffic limited to what is needed',
        rules: ['network.egress*', 'network.no-default-deny-egress*'],
      },
      { id: '1.4.4', title: 'stored card data not reachable from outside', rules: ['attack.path*'] },
      { id: '2.2.1', title: 'configuration standards', rules: ['pod.*', 'cluster.*', 'dockerfile.*'] },
      { id: '2.2.6', title: 'system security parameters against misuse', rules: ['cluster.*', 'tls.*'] },
      { id: '2.2.7', title: 'administrative access encrypted', rules: ['tls.*'] },
      { id: '3.5.1', title: 'stored data unreadable', rules: ['cluster.encryption*', 'secrets-config.at-rest*'] },
      { id: '3.7.4', title: 'keys changed at the end of their period', rules: ['secret.age*', 'certificates.*'] },
      { id: '4.2.1', title: 'strong cryptography in transit', rules: ['tls.*', 'mtls.*', 'certificates.*'] },
      { id: '6.2.4', title: 'software attacks prevented', rules: ['code.*', 'api.*', 'oauth.*'] },
      { id: '6.3.1', title: 'vulnerabilities identified and ranked', rules: ['vulnerability.*'] },
      { id: '6.3.2', title: 'inventory of software components', rules: ['vulnerability.*', 'image.*'] },
      { id: '6.3.3', title: 'security patches in time', rules: ['vulnerability.*'] },
      { id: '6.5.1', title: 'changes controlled; production like staging', rules: ['parity.*', 'build.*'] },
      { id: '7.2.1', title: 'access control model', rules: ['policy.*', 'rbac.*'] },
      { id: '7.2.5', title: 'least privilege of application accounts', rules: ['rbac.*'] },
      { id: '8.3.2', title: 'authentication factors encrypted', rules: ['oauth.*', 'secrets.*'] },
      {
        id: '8.6.2',
        title: 'no passwords in scripts, configuration or code',
        rules: ['secret.*', 'secrets.*', 'secrets-config.*'],
      },
      { id: '8.6.3', title: 'passwords of accounts changed periodically', rules: ['secret.age*', 'oauth.*age*'] },
      { id: '10.2.1', title: 'audit logs on', rules: ['cluster.audit*'] },
      { id: '11.3.1', title: 'regular internal scans', rules: ['vulnerability.*', 'build.*'] },
    ],
  },
  {
    id: 'soc2',
    title: 'SOC 2 (Trust Services Criteria)',
    controls: [
      {
        id: 'CC6.1',
        title: 'logical access',
        rules: ['rbac.*', 'policy.*', 'oauth.*', 'secret.*', 'secrets.*', 'secrets-config.*', 'code.*'],
      },
      { id: 'CC6.3', title: 'least privilege and separation', rules: ['rbac.*', 'mesh.*'] },
      { id: 'CC6.6', title: 'protection against outside threats', rules: ['network.*', 'tls.*', 'route.*', 'attack.*'] },
      { id: 'CC6.7', title: 'data protected in motion', rules: ['tls.*', 'mesh.*', 'certificates.*'] },
      { id: 'CC6.8', title: 'unauthorised software prevented', rules: ['image.*', 'pod.*', 'build.*', 'dockerfile.*'] },
      { id: 'CC7.1', title: 'vulnerabilities and misconfiguration detected', rules: ['vulnerability.*', 'cluster.*', 'istio.*'] },
      { id: 'CC7.2', title: 'anomalies monitored', rules: ['cluster.audit*'] },
      { id: 'CC8.1', title: 'changes managed', rules: ['parity.*', 'build.*', 'image.*'] },
    ],
  },
];
