// Source files for cases of rules over application code.
import type { Finding } from '#model/finding.ts';
import { codeFindings } from '#scan/code/analyse.ts';

/** Name and text. */
export type CodeFileInput = readonly [file: string, text: string];

export function findingsInCode([file, text]: CodeFileInput): readonly Finding[] {
  return codeFindings(file, text);
}

const JS = "const jwt = require('jsonwebtoken');\n";
const PYTHON = 'import jwt\n';
const GO = 'package a\nimport (\n "os"\n "github.com/golang-jwt/jwt/v5"\n)\nfunc f() {\n';
const JAVA = 'import io.jsonwebtoken.Jwts;\nclass A { Object f(String t) {\n';

/** Files that use the library for tokens that most programs in the language use. */
export const javascript = (text: string): CodeFileInput => ['a.js', JS + text];
export const python = (text: string): CodeFileInput => ['a.py', PYTHON + text];
export const go = (text: string): CodeFileInput => ['a.go', `${GO}${text}\n}\n`];
export const java = (text: string): CodeFileInput => ['A.java', `${JAVA}${text}\n}}\n`];

/** Options that leave nothing to say. */
export const JS_GOOD = "algorithms: ['RS256'], issuer: 'i', audience: 'a'";
export const PYTHON_GOOD = "algorithms=['RS256'], audience='a', issuer='i'";
export const GO_GOOD = 'jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer("i"), jwt.WithAudience("a")';
/** A function that gives the key for RSA alone. */
export const GO_KEY =
  'func(t *jwt.Token) (any, error) { if _, ok := t.Method.(*jwt.SigningMethodRSA); !ok { return nil, err }; return key, nil }';
