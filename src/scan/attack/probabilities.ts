// How likely each step is. One table, versioned, so that two scans can be compared. The figures are orders of magnitude: they rank routes, they do not
// forecast. Sources: EPSS (first.org) and CISA KEV for exploited vulnerabilities, CVSS v3.1 section 2.1 for attack complexity, the Verizon DBIR's share of
// breaches that begin with exploited vulnerabilities, and whether the step needs luck (a race, a guess) or only a command.
export const PROBABILITIES_VERSION = '2026.11';

export const PROBABILITIES = {
  /** Attempts that reach an address on the internet are certain. */
  exposed: 1,
  /** The edge demands a token or certificate: the attacker needs a user's first. */
  exposedAuthenticated: 0.3,
  /** Only certain address ranges may come. */
  exposedSources: 0.2,
  reach: 1,
  /** Policies let only certain methods, paths or tokens through. */
  reachSome: 0.6,
  /** A flaw nobody knows yet, in a service that can be sent to, within a year. */
  exploitUnknown: 0.1,
  /** The same, where policies narrow what can be sent. */
  exploitUnknownNarrow: 0.06,
  exploitKev: 0.9,
  exploitCritical: 0.6,
  exploitHigh: 0.35,
  exploitMedium: 0.12,
  exploitLow: 0.04,
  /** Attack complexity high, privileges or a user's click needed: each takes this much of it. */
  exploitHindered: 0.4,
  ssrf: 0.5,
  token: 1,
  secretInProcess: 1,
  /** Every command that the identity may give works. */
  rbac: 0.95,
  /** Creating a pod may be stopped by admission that the manifests do not show. */
  rbacCreatePod: 0.8,
  credential: 0.95,
  /** A name that looks like a credential of this store, without an address that proves it. */
  credentialGuess: 0.5,
  /** The workload is a client: what it may ask, the attacker in it may. */
  client: 1,
  /** Of a service that checks what its callers ask. */
  clientApi: 0.5,
  noPassword: 0.9,
  /** Nothing is known of a password: weak, shared and default ones. */
  passwordUnknown: 0.1,
  /** An API that takes requests of any caller. */
  openApi: 0.5,
  holds: 1,
  tokenForge: 0.9,
  oauthAbuse: 0.3,
  escapePrivileged: 0.95,
  escapeCapability: 0.8,
  escapeNamespace: 0.7,
  escapeHostPath: 0.85,
  escapeHostPathRead: 0.4,
  escapeSocket: 0.98,
  /** A user namespace takes most of what root in the container means. */
  userNamespace: 0.1,
  /** Pods of the target may run on another machine. */
  nodePivotShared: 0.5,
  nodePivotEvery: 0.95,
  metadata: 0.6,
  control: 0.7,
  ci: 0.3,
  registryPush: 0.2,
} as const;
