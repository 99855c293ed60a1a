// What the weaknesses of application code mean.
import type { FindingSeverity } from '#model/finding.ts';
import type { CodeFile, FaultKind } from '../../code/fault.ts';
import type { Hit, RuleInfo, SubjectRule } from '../../rule.ts';

/** A rule that reports one kind of fault. */
function rule(kind: FaultKind, info: Omit<RuleInfo, 'id'>): SubjectRule<CodeFile> {
  return {
    id: `code.${kind}`,
    ...info,
    *check({ file, faults, aside }) {
      const seen = new Map<string, number>();
      for (const fault of faults) {
        if (fault.kind !== kind) continue;
        // Equal titles in one file are told apart by their order, which moves less than lines do.
        const count = (seen.get(fault.title) ?? 0) + 1;
        seen.set(fault.title, count);
        const severity: FindingSeverity = aside ? 'low' : (fault.severity ?? info.severity);
        const hit: Hit = {
          title: aside ? `${fault.title} (in a test or example)` : fault.title,
          severity,
          at: { location: { file, line: fault.line, column: fault.column }, subject: file },
          detail: `${fault.title} ${count}`,
          ...(fault.fix !== undefined && {
            fix: { text: fault.fix.includes('`') ? fault.fix : `${info.help}: \`${fault.fix}\`` },
          }),
        };
        yield hit;
      }
    },
  };
}

const BCP = 'RFC 8725 (JSON Web Token Best Current Practices)';
const TAGS = ['owasp-api:API2:2023', 'owasp-asvs:9.1'];

export const EXPIRY_IGNORED = rule('jwt-expiry-ignored', {
  name: 'Expired tokens are accepted',
  severity: 'high',
  cwe: [613],
  why: 'A token that was stolen from a log, a browser or a former employee works for ever: its end is the only thing that takes it away.',
  help: 'check `exp`',
  references: [BCP, 'RFC 7519 section 4.1.4'],
  tags: TAGS,
});

export const SIGNATURE_UNVERIFIED = rule('jwt-signature-unverified', {
  name: 'Signature of tokens is not verified',
  severity: 'high',
  cwe: [347],
  why: 'Anybody writes a token with any name and role in it, and the service believes it.',
  help: 'verify the signature with the key of the issuer',
  references: [BCP, 'RFC 8725 section 3.3'],
  tags: TAGS,
});

export const ALGORITHM = rule('jwt-algorithm', {
  name: 'Algorithm of tokens is not fixed',
  severity: 'high',
  cwe: [347, 327],
  why: 'The token itself says how it is to be verified. An attacker chooses `none`, or HMAC with the public key as its secret.',
  help: 'name the algorithms that the issuer uses',
  references: [BCP, 'RFC 8725 section 3.1'],
  tags: TAGS,
});

export const CLAIMS_UNCHECKED = rule('jwt-claims-unchecked', {
  name: 'Issuer or audience of tokens is not checked',
  severity: 'medium',
  cwe: [345, 863],
  why: 'A token that the same key signed for another application, tenant or environment opens this one too.',
  help: 'compare `iss` and `aud` with what this service expects',
  references: [BCP, 'RFC 8725 sections 3.8 and 3.9'],
  tags: TAGS,
});

export const SECRET = rule('jwt-secret', {
  name: 'Key of tokens in the source',
  severity: 'high',
  cwe: [798, 321],
  why: 'Whoever reads the source, an image or an old commit signs tokens for any user.',
  help: 'read the key from a Secret or vault, and make a new one',
  references: [BCP, 'RFC 8725 section 3.5'],
  tags: [...TAGS, 'pci-dss:8.6.2'],
});

export const WITHOUT_EXPIRY = rule('jwt-without-expiry', {
  name: 'Tokens that never expire are issued',
  severity: 'medium',
  cwe: [613],
  why: 'A token that got lost cannot be taken back.',
  help: 'give tokens an end a few minutes away',
  references: [BCP],
  tags: TAGS,
});

export const TLS_OFF = rule('tls-verification-off', {
  name: 'Certificates are not checked',
  severity: 'high',
  cwe: [295],
  why: "Whoever is on the way answers in the server's place, reads what is sent (credentials too) and changes what comes back.",
  help: 'trust the authority that signed the certificate (`ca`, a CA bundle), and keep the check on',
  references: ['RFC 9525', 'https://cwe.mitre.org/data/definitions/295.html'],
  tags: ['pci-dss:4.2.1', 'owasp-api:API8:2023'],
});

export const INTROSPECTION = rule('introspection-without-issuer', {
  name: 'Introspection without a check of the issuer',
  severity: 'medium',
  cwe: [345, 863],
  why: 'The answer `active` only says that the server knows some valid token; one of another issuer, tenant or application opens this one too.',
  help: 'compare `iss` and `aud`',
  references: ['RFC 7662 section 4'],
  tags: TAGS,
});

export const PROVIDER = rule('oauth-provider', {
  name: 'OAuth flow or setting that is out of use',
  severity: 'medium',
  cwe: [287],
  why: 'Tokens in addresses, codes without PKCE, open registration and loose redirect addresses are what attackers of OAuth clients start from.',
  help: 'change the configuration',
  references: ['RFC 9700'],
  tags: ['owasp-api:API2:2023'],
});
