// Application code: whether tokens, certificates and answers of introspection are checked.
import type { Finding } from '#model/finding.ts';
import { CODE_RULES } from '../rules/code.ts';
import { findingOf } from '../rule.ts';
import type { CodeFile } from './fault.ts';
import { clientFaults, manualFaults, providerFaults, tlsFaults } from './general.ts';
import { goFaults } from './go.ts';
import { introspectionFaults } from './introspection.ts';
import { javaFaults } from './java.ts';
import { javascriptFaults } from './javascript.ts';
import { pythonFaults } from './python.ts';
import { Source } from './source.ts';
import { languageOf } from './tokens.ts';

/** Larger files are made by programs. */
const SIZE_MAX = 2 * 1024 * 1024;

/** A file without any of these has nothing that is looked for. */
const WORTH =
  /jwt|jose|JWT|Jwt|jsonwebtoken|rejectUnauthorized|REJECT_UNAUTHORIZED|strictSSL|InsecureSkipVerify|insecureSkipVerify|verify ?= ?False|verify_|check_hostname|CERT_NONE|ssl ?= ?False|unverified_context|introspect|Introspect|INTROSPECT|checkServerTrusted|ostnameVerifier|HOSTNAME_VERIFIER|TrustAllStrategy|InsecureTrustManager|oidc|response_?[tT]ype|PKCE|[pP]kce|code_?[cC]hallenge|split\(["'](?:\\\\)?\.["']\)/;

const ANALYSERS = {
  javascript: javascriptFaults,
  python: pythonFaults,
  java: javaFaults,
  kotlin: javaFaults,
  go: goFaults,
} as const;

/** Whether this module has something to say about a file of that name. */
export function isCode(file: string): boolean {
  return languageOf(file) !== undefined;
}

/** Reads a file; undefined for one in no language that is known, or with nothing of interest in it. Never throws. */
export function readCode(file: string, text: string): CodeFile | undefined {
  const language = languageOf(file);
  if (!language || text.length > SIZE_MAX || !WORTH.test(text)) return undefined;
  const source = new Source(file, text, language);
  const faults = [
    ...ANALYSERS[language](source),
    ...tlsFaults(source),
    ...introspectionFaults(source),
    ...providerFaults(source),
    ...clientFaults(source),
    ...manualFaults(source),
  ];
  return {
    file,
    faults: faults.map((fault) => ({ ...fault, ...source.place(fault.at) })),
    aside:
      /(?:^|\/)(?:tests?|__tests__|__mocks__|spec|specs|testdata|fixtures?|mocks?|examples?|e2e|benchmarks?|vendor|third_party|site-packages|node_modules)\/|[._-](?:test|spec|mock|stories)\.[a-z]+$|_test\.(?:go|py)$|(?:^|\/)test_[^/]*\.py$|Tests?\.(?:java|kt)$|(?:^|\/)conftest\.py$/i.test(
        file,
      ),
  };
}

/**
 * The findings of one source file.
 * @param file its name, which tells the language
 * @example codeFindings('a.js', "const jwt = require('jsonwebtoken'); jwt.verify(t, k, { ignoreExpiration: true });")[0].code // 'code.jwt-expiry-ignored'
 */
export function codeFindings(file: string, text: string, now = 0): readonly Finding[] {
  const code = readCode(file, text);
  if (!code || code.faults.length === 0) return [];
  return CODE_RULES.flatMap((rule) => [...rule.check(code, { now })].map((hit) => findingOf(rule, hit)));
}
