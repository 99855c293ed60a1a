// Tokens that are read without being verified: a peek at the key's name is none, claims that go on are.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeFindings } from './analyse.ts';

const CASES: readonly (readonly [want: 'J' | '-', file: string, name: string, text: string])[] = [
  [
    '-',
    'a.ts',
    'exp only',
    `import { decodeJwt } from 'jose';\nexport function stale(token: string) { const { exp } = decodeJwt(token); return exp! < Date.now(); }`,
  ],
  ['J', 'a.ts', 'sub', `import { decodeJwt } from 'jose';\nexport function who(token: string) { return decodeJwt(token).sub; }`],
  [
    '-',
    'a.ts',
    'kid',
    `import { decode } from 'jsonwebtoken';\nexport function kid(token: string) { const d = decode(token, { complete: true }); if (!d) throw new E(); return d.header.kid; }`,
  ],
  [
    'J',
    'a.ts',
    'payload',
    `import { decode } from 'jsonwebtoken';\nexport function kid(token: string) { const d = decode(token, { complete: true }); return d.payload.sub; }`,
  ],
  ['-', 'a.ts', 'idtoken', `import { decodeJwt } from 'jose';\nexport function who(set) { return decodeJwt(set.id_token).sub; }`],
  [
    '-',
    'a.py',
    'kid',
    `import jwt\ndef f(t):\n    iss = jwt.decode(t, options={"verify_signature": False})["iss"]\n    return KEYS[iss]\n`,
  ],
  [
    'J',
    'a.py',
    'sub',
    `import jwt\ndef f(t):\n    c = jwt.decode(t, options={"verify_signature": False})\n    return c["sub"]\n`,
  ],
  [
    '-',
    'A.java',
    'kid',
    `import com.auth0.jwt.JWT;\nclass A { String f(String t) { DecodedJWT d = JWT.decode(t); return d.getKeyId(); } }`,
  ],
  [
    'J',
    'A.java',
    'sub',
    `import com.auth0.jwt.JWT;\nclass A { String f(String t) { DecodedJWT d = JWT.decode(t); return d.getSubject(); } }`,
  ],
  [
    'J',
    'A.java',
    'nimbus',
    `import com.nimbusds.jwt.SignedJWT;\nclass A { String f(String t) { return SignedJWT.parse(t).getJWTClaimsSet().getSubject(); } }`,
  ],
  [
    '-',
    'A.java',
    'nimbus kid',
    `import com.nimbusds.jwt.SignedJWT;\nclass A { String f(String t) { return SignedJWT.parse(t).getHeader().getKeyID(); } }`,
  ],
  [
    'J',
    'a.go',
    'claims',
    `package a\nimport "github.com/golang-jwt/jwt/v5"\nfunc f(t string) string {\n\tvar c Claims\n\tjwt.NewParser().ParseUnverified(t, &c)\n\treturn c.Subject\n}`,
  ],
  [
    '-',
    'a.go',
    'kid',
    `package a\nimport "github.com/golang-jwt/jwt/v5"\nfunc f(t string) string {\n\ttoken, _, err := jwt.NewParser().ParseUnverified(t, jwt.MapClaims{})\n\tif err != nil { return "" }\n\treturn token.Header["kid"].(string)\n}`,
  ],
];

for (const [want, file, name, text] of CASES)
  test(`unverified token, ${file}: ${name}`, () => {
    const found = codeFindings(file, text).filter(({ code }) => code === 'code.jwt-signature-unverified');
    assert.equal(found.length > 0 ? 'J' : '-', want);
  });
