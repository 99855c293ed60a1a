import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codeFindings, readCode } from './analyse.ts';
import { commandsOf } from './shell.ts';
import { languageOf, tokenize } from './tokens.ts';
import type { Language } from './tokens.ts';

const JS = "const jwt = require('jsonwebtoken');\n";
const OK = "algorithms: ['RS256'], issuer: 'i', audience: 'a'";
const JOSE = "import { jwtVerify, decodeJwt } from 'jose';\n";
const PY = 'import jwt\n';
const PYOK = "algorithms=['RS256'], audience='a', issuer='i'";
const JJWT = 'import io.jsonwebtoken.Jwts;\nclass A { Object f(String t) {\n';
const AUTH0 = 'import com.auth0.jwt.JWT;\nimport com.auth0.jwt.algorithms.Algorithm;\nclass A { void f(String t) {\n';
const SPRING =
  'import org.springframework.security.oauth2.jwt.*;\nimport org.springframework.security.oauth2.core.*;\nclass A { JwtDecoder d() {\n';
const GO = 'package a\nimport (\n "os"\n "github.com/golang-jwt/jwt/v5"\n)\n';
const KEYFUNC =
  'func(t *jwt.Token) (any, error) { if _, ok := t.Method.(*jwt.SigningMethodRSA); !ok { return nil, err }; return key, nil }';
const GOOK = 'jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer("i"), jwt.WithAudience("a")';
const JWX = 'package a\nimport "github.com/lestrrat-go/jwx/v2/jwt"\n';

const LIBRARIES = `import com.auth0.jwt.JWT; import org.springframework.security.oauth2.A; import com.nimbusds.A; import org.jose4j.A;\n${JJWT}`;

/** File, text, and the kinds that are found: none where the text is right. */
const CASES: readonly (readonly [file: string, text: string, ...kinds: string[]])[] = [
  // jsonwebtoken
  ['a.js', `${JS}jwt.verify(t, key, { ${OK} });`],
  ['a.js', `${JS}jwt.verify(t, key, { ${OK}, ignoreExpiration: true });`, 'jwt-expiry-ignored'],
  ['a.js', `${JS}jwt.verify(t, key, { ${OK}, ignoreExpiration: false });`],
  [
    'a.js',
    `${JS}// ignoreExpiration: true\njwt.verify(t, key, { ${OK} }); const s = 'jwt.verify(t, k, {ignoreExpiration: true})';`,
  ],
  [
    'a.ts',
    `import jwt, { type VerifyOptions } from 'jsonwebtoken';\nconst opts: VerifyOptions = { ${OK}, ignoreExpiration: true };\nconst p = jwt.verify<Claims>(t, key, opts) as Claims;`,
    'jwt-expiry-ignored',
  ],
  [
    'a.ts',
    `import { verify as check } from 'jsonwebtoken';\nexport const f = (t: string): Claims => check(t, key, { ${OK}, ignoreExpiration: true } as const) as Claims;`,
    'jwt-expiry-ignored',
  ],
  ['a.js', `${JS}const o = { ${OK} };\no.ignoreExpiration = true;\njwt.verify(t, key, o);`, 'jwt-expiry-ignored'],
  ['a.js', `${JS}const base = { ignoreExpiration: true };\njwt.verify(t, key, { ...base, ${OK} });`, 'jwt-expiry-ignored'],
  ['a.js', `${JS}jwt.verify(t, key);`, 'jwt-claims-unchecked'],
  ['a.js', `${JS}jwt.verify(t, key, (err, p) => next(err));`, 'jwt-claims-unchecked'],
  ['a.js', `${JS}jwt.verify(t, key, options);`],
  ['a.js', `${JS}jwt.verify(t, key, { ...options });`],
  ['a.js', `${JS}const p = jwt.verify(t, key, { audience: 'a' });\nif (p.iss !== 'https://i') throw new Error('no');`],
  ['a.js', `${JS}const p = jwt.verify(t, key, { audience: 'a' }); log(p.iss);`, 'jwt-claims-unchecked'],
  ['a.js', `${JS}jwt.verify(t, key, { algorithms: ['none', 'RS256'], issuer, audience });`, 'jwt-algorithm'],
  ['a.js', `${JS}jwt.verify(t, key, { algorithms: ['HS256', 'RS256'], issuer, audience });`, 'jwt-algorithm'],
  ['a.js', `${JS}jwt.verify(t, null, { issuer, audience });`, 'jwt-signature-unverified'],
  ['a.js', `${JS}const SECRET = 'hunter2hunter2';\njwt.verify(t, SECRET, { ${OK} });`, 'jwt-secret'],
  ['a.js', `${JS}const SECRET = process.env.JWT_SECRET;\njwt.verify(t, SECRET, { ${OK} });`],
  ['a.js', `${JS}jwt.sign({ sub }, process.env.K, { expiresIn: '5m' });`],
  ['a.js', `${JS}jwt.sign({ sub }, 'very-secret', { expiresIn: '5m' });`, 'jwt-secret'],
  ['a.js', `${JS}jwt.sign({ sub: 1 }, process.env.K, { algorithm: 'HS256' });`, 'jwt-without-expiry'],
  ['a.js', `${JS}const t = req.headers.authorization.split(' ')[1]; req.user = jwt.decode(t);`, 'jwt-signature-unverified'],
  [
    'a.js',
    `${JS}const t = req.headers.authorization; const h = jwt.decode(t, { complete: true }); jwt.verify(t, keyOf(h), { ${OK} });`,
  ],
  [
    'ui.tsx',
    "import jwtDecode from 'jwt-decode';\nimport React from 'react';\nexport const A = () => <p>don't {jwtDecode(localStorage.token).name}</p>;",
  ],
  ['other.js', 'verify(t, key, { ignoreExpiration: true });'],
  // jose and middlewares
  ['a.mjs', `${JOSE}await jwtVerify(t, keys, { issuer: 'i', audience: 'a' });`],
  ['a.mjs', `${JOSE}await jwtVerify(t, keys, { issuer: 'i' });`, 'jwt-claims-unchecked'],
  ['a.mjs', `${JOSE}await jwtVerify(t, keys, { issuer: 'i', audience: 'a', currentDate: new Date(0) });`, 'jwt-expiry-ignored'],
  [
    'a.mjs',
    `${JOSE}await jwtVerify(t, new TextEncoder().encode('secret-secret'), { issuer: 'i', audience: 'a' });`,
    'jwt-secret',
  ],
  [
    'a.js',
    "const { expressjwt } = require('express-jwt');\napp.use(expressjwt({ secret: keys, algorithms: ['RS256'], issuer: 'i', audience: 'a' }));",
  ],
  [
    'a.js',
    "const { expressjwt } = require('express-jwt');\napp.use(expressjwt({ secret: keys, algorithms: ['RS256'], issuer: 'i', audience: 'a', ignoreExpiration: true }));",
    'jwt-expiry-ignored',
  ],
  [
    'a.js',
    "const { Strategy: JwtStrategy } = require('passport-jwt');\nnew JwtStrategy({ jwtFromRequest: f, secretOrKey: process.env.K, ignoreExpiration: true, issuer: 'i', audience: 'a' }, cb);",
    'jwt-expiry-ignored',
  ],
  [
    'a.ts',
    "import { JwtService } from '@nestjs/jwt';\nclass A { constructor(private jwtService: JwtService) {} f(t: string) { return this.jwtService.verify(t, { ignoreExpiration: true }); } }",
    'jwt-expiry-ignored',
  ],
  [
    'a.ts',
    "import { JwtModule } from '@nestjs/jwt';\n@Module({ imports: [JwtModule.register({ secret: 'topsecret', signOptions: { expiresIn: '1h' } })] }) class A {}",
    'jwt-secret',
  ],
  [
    'a.js',
    "const fastifyJwt = require('@fastify/jwt');\nfastify.register(fastifyJwt, { secret: process.env.K, verify: { allowedIss: 'i', allowedAud: 'a', ignoreExpiration: true } });",
    'jwt-expiry-ignored',
  ],
  // PyJWT, python-jose, Authlib, Flask
  ['a.py', `${PY}jwt.decode(t, key, ${PYOK})`],
  ['a.py', `${PY}jwt.decode(t, key, ${PYOK}, options={"verify_exp": False})`, 'jwt-expiry-ignored'],
  ['a.py', `${PY}opts = {"verify_exp": False}\njwt.decode(t, key, ${PYOK}, options=opts)`, 'jwt-expiry-ignored'],
  ['a.py', `${PY}jwt.decode(t, key, ${PYOK}, options=dict(verify_exp=False))`, 'jwt-expiry-ignored'],
  ['a.py', `${PY}jwt.decode(t, key, ${PYOK}, options={"verify_exp": True})`],
  [
    'a.py',
    `${PY}# options={"verify_exp": False}\n"""jwt.decode(t, key, options={"verify_exp": False})"""\njwt.decode(t, key, ${PYOK})`,
  ],
  ['a.py', `${PY}jwt.decode(t, options={"verify_signature": False})`, 'jwt-signature-unverified'],
  ['a.py', `${PY}jwt.decode(t, verify=False)`, 'jwt-signature-unverified'],
  ['a.py', `${PY}iss = jwt.decode(t, options={"verify_signature": False})["iss"]\njwt.decode(t, keys[iss], ${PYOK})`],
  ['a.py', `${PY}jwt.decode(t, key, algorithms=['RS256'])`, 'jwt-claims-unchecked'],
  [
    'a.py',
    `${PY}jwt.decode(t, key, algorithms=['RS256'], audience='a', issuer='i', options={'verify_aud': False})`,
    'jwt-claims-unchecked',
  ],
  ['a.py', `${PY}p = jwt.decode(t, key, algorithms=['RS256'], audience='a')\nif p["iss"] != ISSUER:\n  raise E`],
  ['a.py', `${PY}jwt.decode(t, key, audience='a', issuer='i')`, 'jwt-algorithm'],
  ['a.py', `${PY}jwt.decode(t, key, algorithms=['none'], audience='a', issuer='i')`, 'jwt-algorithm'],
  ['a.py', `from jose import jwt\njwt.decode(t, key, ${PYOK}, options={'verify_exp': False})`, 'jwt-expiry-ignored'],
  ['a.py', 'from jose import jwt\njwt.get_unverified_claims(t)', 'jwt-signature-unverified'],
  [
    'a.py',
    "from authlib.jose import jwt\nclaims = jwt.decode(t, key, claims_options={'iss': {'value': 'i'}, 'aud': {'value': 'a'}})\nclaims.validate()",
  ],
  [
    'a.py',
    "from authlib.jose import jwt\nclaims = jwt.decode(t, key, claims_options={'iss': {'value': 'i'}, 'aud': {'value': 'a'}})",
    'jwt-expiry-ignored',
  ],
  ['a.py', `${PY}SECRET = "s3cr3ts3cr3t"\njwt.decode(t, SECRET, ${PYOK})`, 'jwt-secret'],
  ['a.py', `${PY}jwt.encode({"sub": u}, os.environ["K"], algorithm="HS256")`, 'jwt-without-expiry'],
  ['a.py', `${PY}jwt.encode({"sub": u, "exp": e}, os.environ["K"], algorithm="HS256")`],
  ['a.py', "from flask_jwt_extended import JWTManager\napp.config['JWT_SECRET_KEY'] = 'super-secret'", 'jwt-secret'],
  [
    'a.py',
    "from flask_jwt_extended import JWTManager\napp.config['JWT_SECRET_KEY'] = os.environ['K']\napp.config['JWT_ACCESS_TOKEN_EXPIRES'] = False",
    'jwt-without-expiry',
  ],
  ['a.py', "import json\njson.decode(t, options={'verify_exp': False})"],
  // Java and Kotlin
  [
    'A.java',
    `${JJWT}return Jwts.parser().verifyWith(key).requireIssuer("i").requireAudience("a").build().parseSignedClaims(t); }}`,
  ],
  ['A.java', `${JJWT}return Jwts.parser().verifyWith(key).build().parseSignedClaims(t); }}`, 'jwt-claims-unchecked'],
  [
    'A.java',
    `${JJWT}return Jwts.parser().unsecured().requireIssuer("i").requireAudience("a").build().parseUnsecuredClaims(t); }}`,
    'jwt-signature-unverified',
  ],
  [
    'A.java',
    `${JJWT}return Jwts.parser().setAllowedClockSkewSeconds(Integer.MAX_VALUE).setSigningKey(k).requireIssuer("i").requireAudience("a").parseClaimsJws(t); }}`,
    'jwt-expiry-ignored',
  ],
  [
    'A.java',
    `${JJWT}JwtParser p = Jwts.parserBuilder().setSigningKey(k).requireIssuer("i").require("aud", "a").build();\nreturn p.parseClaimsJws(t); }}`,
  ],
  [
    'A.java',
    `${JJWT}JwtParser p = Jwts.parserBuilder().setSigningKey("c2VjcmV0c2VjcmV0").requireIssuer("i").requireAudience("a").build();\nreturn p.parseClaimsJws(t); }}`,
    'jwt-secret',
  ],
  ['A.java', `${JJWT}try { return f(); } catch (ExpiredJwtException e) { return e.getClaims(); } }}`, 'jwt-expiry-ignored'],
  ['A.java', `${JJWT}try { return f(); } catch (ExpiredJwtException e) { throw new Denied(e); } }}`],
  ['A.java', `${AUTH0}JWT.require(Algorithm.RSA256(k)).withIssuer("i").withAudience("a").build().verify(t); }}`],
  ['A.java', `${AUTH0}JWT.require(Algorithm.RSA256(k)).withIssuer("i").build().verify(t); }}`, 'jwt-claims-unchecked'],
  [
    'A.java',
    `${AUTH0}JWTVerifier v = JWT.require(Algorithm.RSA256(k)).withIssuer("i").withAudience("a").acceptExpiresAt(Long.MAX_VALUE).build();\nv.verify(t); }}`,
    'jwt-expiry-ignored',
  ],
  ['A.java', `${AUTH0}return JWT.decode(t).getSubject(); }}`, 'jwt-signature-unverified'],
  ['A.java', `${AUTH0}JWT.require(Algorithm.none()).withIssuer("i").withAudience("a").build().verify(t); }}`, 'jwt-algorithm'],
  [
    'A.kt',
    'import com.auth0.jwt.JWT\nimport com.auth0.jwt.algorithms.Algorithm\nfun f(t: String) = JWT.require(Algorithm.HMAC256("my-secret-value")).withIssuer("i").withAudience("a").build().verify(t)',
    'jwt-secret',
  ],
  ['A.java', `${SPRING}NimbusJwtDecoder d = NimbusJwtDecoder.withJwkSetUri(u).build(); return d; }}`, 'jwt-claims-unchecked'],
  [
    'A.java',
    `${SPRING}NimbusJwtDecoder d = NimbusJwtDecoder.withJwkSetUri(u).build(); d.setJwtValidator(new DelegatingOAuth2TokenValidator<>(JwtValidators.createDefaultWithIssuer(i), new JwtClaimValidator<List<String>>("aud", a -> a.contains("x")))); return d; }}`,
  ],
  [
    'A.java',
    `${SPRING}NimbusJwtDecoder d = NimbusJwtDecoder.withJwkSetUri(u).build(); d.setJwtValidator(t -> OAuth2TokenValidatorResult.success()); return d; }}`,
    'jwt-expiry-ignored',
  ],
  [
    'A.java',
    'import org.jose4j.jwt.consumer.*;\nclass A { void f() { new JwtConsumerBuilder().setSkipAllValidators().setVerificationKey(k).build(); } }',
    'jwt-expiry-ignored',
  ],
  [
    'A.java',
    'import org.jose4j.jwt.consumer.*;\nclass A { void f() { new JwtConsumerBuilder().setRequireExpirationTime().setExpectedIssuer("i").setExpectedAudience("a").setVerificationKey(k).build(); } }',
  ],
  [
    'A.java',
    'import com.nimbusds.jwt.*;\nclass A { void f(String t) { SignedJWT.parse(t).getJWTClaimsSet(); } }',
    'jwt-signature-unverified',
  ],
  [
    'A.java',
    'import com.nimbusds.jwt.*;\nclass A { void f(String t) { SignedJWT j = SignedJWT.parse(t); if (!j.verify(v)) throw new E(); } }',
  ],
  [
    'A.kt',
    'import org.springframework.security.oauth2.jwt.NimbusJwtDecoder\nfun d(): JwtDecoder { val d = NimbusJwtDecoder.withJwkSetUri(uri).build()\n d.setJwtValidator { OAuth2TokenValidatorResult.success() }\n return d }',
    'jwt-expiry-ignored',
  ],
  [
    'A.kt',
    'import org.springframework.security.oauth2.jwt.NimbusJwtDecoder\nfun d(): JwtDecoder { val d = NimbusJwtDecoder.withJwkSetUri(uri).build()\n d.setJwtValidator { t -> check(t) }\n return d }',
  ],
  [
    'A.java',
    `${JJWT}return Jwts.parser().setAllowedClockSkewSeconds(Long.MAX_VALUE / 1000).setSigningKey(k).requireIssuer("i").requireAudience("a").parseClaimsJws(t); }}`,
    'jwt-expiry-ignored',
  ],
  // Go
  ['a.go', `${GO}func f() { jwt.Parse(t, ${KEYFUNC}, ${GOOK}) }`],
  ['a.go', `${GO}func f() { jwt.Parse(t, ${KEYFUNC}, ${GOOK}, jwt.WithoutClaimsValidation()) }`, 'jwt-expiry-ignored'],
  ['a.go', `${GO}func f() { jwt.ParseWithClaims(t, &c, ${KEYFUNC}, jwt.WithIssuer("i")) }`, 'jwt-claims-unchecked'],
  [
    'a.go',
    `${GO}func f() { tok, err := jwt.ParseWithClaims(t, &c, ${KEYFUNC}, jwt.WithAudience("a")); if c.Issuer != want { return } }`,
  ],
  ['a.go', `${GO}func f() { p := jwt.NewParser(${GOOK}); p.ParseUnverified(t, c) }`, 'jwt-signature-unverified'],
  ['a.go', `${GO}func f() { p := jwt.NewParser(${GOOK}); p.Parse(t, ${KEYFUNC}) }`],
  [
    'a.go',
    `${GO}func f() { jwt.Parse(t, func(t *jwt.Token) (any, error) { return key, nil }, jwt.WithIssuer("i"), jwt.WithAudience("a")) }`,
    'jwt-algorithm',
  ],
  [
    'a.go',
    `${GO}func f() { jwt.Parse(t, func(t *jwt.Token) (any, error) { return []byte("topsecret"), nil }, ${GOOK}) }`,
    'jwt-secret',
  ],
  ['a.go', `${GO}func f() { p := &jwt.Parser{SkipClaimsValidation: true}; use(p) }`, 'jwt-expiry-ignored'],
  ['a.go', `${JWX}func f() { jwt.Parse(b, jwt.WithKeySet(k), jwt.WithIssuer("i"), jwt.WithAudience("a")) }`],
  [
    'a.go',
    `${JWX}func f() { jwt.Parse(b, jwt.WithKeySet(k), jwt.WithIssuer("i"), jwt.WithAudience("a"), jwt.WithValidate(false)) }`,
    'jwt-expiry-ignored',
  ],
  [
    'a.go',
    `${JWX}func f() { jwt.Parse(b, jwt.WithVerify(false), jwt.WithIssuer("i"), jwt.WithAudience("a")) }`,
    'jwt-signature-unverified',
  ],
  // TLS
  ['a.js', 'https.request({ host, rejectUnauthorized: false });', 'tls-verification-off'],
  ['a.js', 'https.request({ host, rejectUnauthorized: true });'],
  ['a.js', "process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';", 'tls-verification-off'],
  ['a.js', "process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';", 'tls-verification-off'],
  ['a.js', "if (process.env.NODE_TLS_REJECT_UNAUTHORIZED === '0') throw new Error('rejectUnauthorized: false');"],
  ['a.py', 'import requests\nrequests.get(u, verify=False)', 'tls-verification-off'],
  ['a.py', "import requests\nrequests.get(u, verify='/ca.pem')"],
  ['a.py', 'ctx.verify_mode = ssl.CERT_NONE', 'tls-verification-off'],
  ['a.py', 'import requests\ns = requests.Session()\ns.verify = False', 'tls-verification-off'],
  ['a.py', 'verify = False\ncheck.verify = True\nif s.verify == False: pass'],
  ['a.js', 'const s = tls.connect({ rejectUnauthorized: false }); if (!s.authorized) throw new E();'],
  ['a.go', 'package a\nvar c = &tls.Config{InsecureSkipVerify: true}', 'tls-verification-off'],
  ['a.go', 'package a\nvar c = &tls.Config{InsecureSkipVerify: true, VerifyPeerCertificate: check}'],
  [
    'A.java',
    'class A implements X509TrustManager { public void checkServerTrusted(X509Certificate[] c, String a) throws E { } }',
    'tls-verification-off',
  ],
  [
    'A.java',
    'class A implements X509TrustManager { public void checkServerTrusted(X509Certificate[] c, String a) throws E { inner.checkServerTrusted(c, a); } }',
  ],
  [
    'A.java',
    'import org.apache.http.conn.ssl.NoopHostnameVerifier;\nclass A { Object f() { return b.setSSLHostnameVerifier(NoopHostnameVerifier.INSTANCE); } }',
    'tls-verification-off',
  ],
  // introspection
  ['a.js', "const r = await client.introspect(token);\nif (!r.active) throw new Error('no');", 'introspection-without-issuer'],
  ['a.js', "const r = await client.introspect(token);\nif (!r.active || r.iss !== ISSUER) throw new Error('no');"],
  [
    'a.py',
    "r = requests.post(introspection_url, data=d).json()\nif not r.get('active'):\n  raise E",
    'introspection-without-issuer',
  ],
  [
    'A.java',
    'import org.springframework.security.oauth2.server.resource.introspection.*;\nclass A { Object f() { return new NimbusOpaqueTokenIntrospector(u, c, s); } }',
    'introspection-without-issuer',
  ],
  [
    'A.java',
    `${SPRING}NimbusJwtDecoder d = NimbusJwtDecoder.withJwkSetUri(u).build(); d.setJwtValidator(new JwtTimestampValidator()); return d; }}`,
    'jwt-claims-unchecked',
  ],
  [
    'A.java',
    'import com.nimbusds.jwt.proc.*;\nclass A { void f() { ConfigurableJWTProcessor p = new DefaultJWTProcessor<>(); p.process(t, null); } }',
    'jwt-claims-unchecked',
  ],
  [
    'A.java',
    'import com.nimbusds.jwt.proc.*;\nclass A { void f() { p = new DefaultJWTProcessor<>(); p.setJWTClaimsSetVerifier(new DefaultJWTClaimsVerifier<>("my-api", new JWTClaimsSet.Builder().issuer("i").build(), n)); } }',
  ],
  [
    'a.go',
    'package a\nimport "github.com/coreos/go-oidc/v3/oidc"\nvar c = &oidc.Config{ClientID: id, SkipExpiryCheck: true}',
    'jwt-expiry-ignored',
  ],
  ['a.go', 'package a\nimport "github.com/coreos/go-oidc/v3/oidc"\nvar c = &oidc.Config{ClientID: id}'],
  ['a.js', `${JS}const { iss, aud } = jwt.verify(t, key);\nif (iss !== ISSUER || aud !== ME) throw new E();`],
  [
    'a.js',
    "const t = req.headers.authorization; const c = JSON.parse(Buffer.from(t.split('.')[1], 'base64').toString());",
    'jwt-signature-unverified',
  ],
  ['a.js', "const t = req.headers.authorization; await jwtVerify(t, k, o); const c = JSON.parse(atob(t.split('.')[1]));"],
  ['a.js', "const v = Buffer.from(version.split('.')[1]);"],
  ['a.ts', "new UserManager({ authority, client_id, response_type: 'id_token token' });", 'oauth-provider'],
  ['a.ts', 'location.href = `https://i/authorize?client_id=a&response_type=token`;', 'oauth-provider'],
  [
    'a.ts',
    "new UserManager({ authority, client_id, response_type: 'code' }); axios.get(u, { responseType: 'json' }); const pkce = true;",
  ],
  // oidc-provider
  [
    'a.js',
    "import Provider from 'oidc-provider';\nconst configuration = { features: { registration: { enabled: true } }, clients: [{ client_id: 'a', redirect_uris: ['https://a.test/cb'] }] };\nnew Provider('https://i', configuration);",
    'oauth-provider',
  ],
  [
    'a.js',
    "import Provider from 'oidc-provider';\nnew Provider('https://i', { features: { registration: { enabled: true, initialAccessToken: true } }, pkce: { required: () => true } });",
  ],
];

for (const [file, text, ...kinds] of CASES) {
  test(`${file}: ${text.split('\n').at(-1)!.slice(0, 100)} ${kinds.join(' ')}`, () => {
    const found = codeFindings(file, text).map(({ code }) => code.replace('code.', ''));
    assert.deepEqual([...new Set(found)], kinds);
  });
}

test('findings stand at their place, without values, and tests are lowered', () => {
  const text = `${JS}\njwt.verify(t, 'hunter2hunter2', { ${OK} });`;
  const [found] = codeFindings('src/a.js', text);
  assert.deepEqual(found?.location, { file: 'src/a.js', line: 3, column: 15 });
  assert.equal(found?.severity, 'high');
  assert.doesNotMatch(JSON.stringify(found), /hunter2/);
  assert.equal(codeFindings('test/a.test.js', text)[0]?.severity, 'low');
});

test('ids stay when lines move and tell two of a kind apart', () => {
  const call = `jwt.verify(t, key, { ${OK}, ignoreExpiration: true });\n`;
  const [before, after] = [`${JS}${call}${call}`, `${JS}\n\n${call}\n${call}`].map((text) =>
    codeFindings('a.js', text).map(({ id }) => id),
  );
  assert.deepEqual(before, after);
  assert.equal(new Set(before).size, 2);
});

test('hostile input takes time in proportion to its size', () => {
  const size = 50_000;
  const shapes: readonly string[] = [
    '(',
    '((((a',
    'verify(',
    'jwt.verify(t,k,{a:',
    '{',
    'a.',
    'a<',
    "'",
    '`${',
    '/',
    '/*',
    '"""',
    '=',
    'x=x.',
    'const a = ',
    'a=a;',
    ').f(',
    '[]',
    '\\',
    'import {a,',
    'func(',
    'catch(ExpiredJwtException e){',
    'NimbusJwtDecoder.withJwkSetUri(u).build();',
    'JWT.require(a).build().verify(t);',
    'Jwts.parser().parse(t);',
    'new JwtConsumerBuilder().build();',
    'jwt.Parse(t, f);',
    'jwt.decode(t, k);',
    'jwt.verify(t, o);o.a=1;',
    'a.split(".")[1];',
    'rejectUnauthorized: false,',
  ];
  for (const [file, head] of [
    ['a.ts', JS],
    ['a.py', PY],
    ['A.java', LIBRARIES],
    ['a.go', GO],
    ['A.kt', LIBRARIES],
  ] as const) {
    for (const shape of shapes) {
      const text = head + shape.repeat(Math.ceil(size / shape.length));
      const start = performance.now();
      codeFindings(file, text);
      const took = performance.now() - start;
      assert.ok(took < 400, `${file} ${shape}: ${took} ms`);
    }
  }
});

test('any text gives tokens that cover it in order', () => {
  const languages: readonly Language[] = ['javascript', 'python', 'java', 'kotlin', 'go'];
  fc.assert(
    fc.property(
      fc.constantFrom(...languages),
      fc.array(
        fc.oneof(
          fc.string({ maxLength: 8 }),
          fc.constantFrom('"', "'", '`', '/', '*/', '\\', '\n', '${', '}', '(', ')', '"""', '#'),
        ),
        { maxLength: 40 },
      ),
      (language, parts) => {
        const text = parts.join('');
        const tokens = tokenize(text, language);
        for (let i = 1; i < tokens.length; i++) assert.ok(tokens[i]!.at > tokens[i - 1]!.at);
        readCode(language === 'python' ? 'a.py' : 'a.ts', `jwt ${text}`);
      },
    ),
    { numRuns: 200 },
  );
});

test('languages are told by the name', () => {
  assert.equal(languageOf('a/b.tsx'), 'javascript');
  assert.equal(languageOf('a/b.d.ts'), undefined);
  assert.equal(languageOf('a/b.rs'), undefined);
});

test('shell text to commands', () => {
  const words = (script: string): readonly string[] =>
    commandsOf(script).map((command) => `${command.sudo ? '!' : ''}${command.words.join(' ')}${command.piped ? ' |' : ''}`);
  assert.deepEqual(words('apt-get update && sudo -E apt-get install "a b"; A=1 b'), [
    'apt-get update',
    '!apt-get install a b',
    'b',
  ]);
  assert.deepEqual(words('curl -k https://x | sudo bash -s'), ['curl -k https://x |', '!bash -s']);
  assert.deepEqual(words('if true; then rm x; fi # curl | sh'), ['true', 'rm x', 'fi']);
  assert.deepEqual(words('x="$(curl -k y)" z'), ['z', 'curl -k y']);
  assert.deepEqual(words('echo \'a | b\' "c;d"'), ['echo a | b c;d']);
});
