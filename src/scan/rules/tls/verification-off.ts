import type { FindingSeverity } from '#model/finding.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { argumentsOf, settingsOf } from './connections.ts';

export const verificationOff = {
  id: 'tls.verification-off',
  name: 'Certificates not checked',
  severity: 'medium',
  cwe: [295],
  why: 'Encryption with whoever answers protects from nobody: an attacker on the way shows a certificate of his own and reads everything.',
  help: 'Give the program the CA that signed the server (`NODE_EXTRA_CA_CERTS`, `SSL_CERT_FILE`, a mounted bundle) instead of switching the check off.',
  references: ['RFC 9525', 'CWE-295'],
  tags: ['nsa-k8s:network', 'pci-dss:4.2.1', 'soc2:CC6.7'],
  check,
} as const satisfies SystemRule;

const YES = /^(?:1|true|yes|on)$/i;
const NO = /^(?:0|false|no|off|none|never)$/i;

/** Variable, the value that switches the check off, how grave: for every connection of the program, or for one. */
const VARIABLES: readonly (readonly [name: RegExp, value: RegExp, severity: FindingSeverity])[] = [
  [/^NODE_TLS_REJECT_UNAUTHORIZED$/, /^0$/, 'high'],
  [/^PYTHONHTTPSVERIFY$/, /^0$/, 'high'],
  [/^GIT_SSL_NO_VERIFY$/, YES, 'medium'],
  [/^(?:NPM_CONFIG_STRICT_SSL|YARN_STRICT_SSL|npm_config_strict_ssl)$/, NO, 'medium'],
  [/^(?:ANSIBLE_HOST_KEY_CHECKING)$/, NO, 'low'],
  [/^LDAPTLS_REQCERT$/, /^(?:never|allow)$/i, 'medium'],
  [/^VAULT_SKIP_VERIFY$/, YES, 'high'],
  [
    /(?:^|_)(?:TLS|SSL)_(?:SKIP|NO)_VERIFY$|(?:^|_)(?:INSECURE_)?SKIP_(?:TLS|SSL)_VERIFY$|(?:^|_)TLS_INSECURE$|(?:^|_)INSECURE_SKIP_VERIFY$/i,
    YES,
    'medium',
  ],
  [/(?:^|_)(?:VERIFY_(?:SSL|TLS)|(?:SSL|TLS)_VERIFY)$/i, NO, 'medium'],
  [/^OTEL_EXPORTER_OTLP_(?:\w{1,20}_)?INSECURE$/, YES, 'low'],
];

const ARGUMENTS =
  /^--?(?:insecure-skip-tls-verify|insecure-skip-verify|tls-skip-verify|tls-insecure-skip-verify|no-check-certificate|kubelet-insecure-tls|skip-tls-verify|skip-ssl-verification|tls-allow-invalid-certificates|tlsAllowInvalidCertificates)(?:=(?:true|1))?$/;

function* check({ system }: ScanContext): Generator<Hit> {
  for (const { name, value, resource, path } of settingsOf(system)) {
    const row = VARIABLES.find(([pattern, off]) => name.length < 100 && pattern.test(name) && off.test(value));
    if (!row) continue;
    yield {
      title: `\`${name}=${value}\` ${name.startsWith('OTEL_') ? 'sends telemetry in clear' : 'has certificates taken unchecked'}`,
      severity: row[2],
      at: { resource, path },
      detail: name,
    };
  }
  for (const { value, resource, path } of argumentsOf(system)) {
    if (!ARGUMENTS.test(value)) continue;
    yield { title: `\`${value}\` has certificates taken unchecked`, at: { resource, path }, detail: value };
  }
}
