// Gap: JWT validation that ignores exp, iss or aud, in policies and in application code.
import { add, casesOf, find } from '../world.ts';
import type { Doc, Gap, World } from '../world.ts';

/** Code that verifies everything; `$` marks where a mutant changes it. */
const GOOD: Readonly<Record<string, string>> = {
  'src/auth.js': `const jwt = require('jsonwebtoken');
const KEY = process.env.JWT_PUBLIC_KEY;
module.exports = function authenticate(req, res, next) {
  const token = (req.headers.authorization || '').replace('Bearer ', '');
  try {
    req.user = jwt.verify(token, KEY, { algorithms: ['RS256'], audience: 'shop', issuer: 'https://id.example.com/' });
    next();
  } catch (error) {
    res.status(401).end();
  }
};
`,
  'src/token.ts': `import { createRemoteJWKSet, jwtVerify } from 'jose';
const keys = createRemoteJWKSet(new URL('https://id.example.com/jwks'));
export async function subjectOf(token: string): Promise<string> {
  const { payload } = await jwtVerify(token, keys, { issuer: 'https://id.example.com/', audience: 'shop', algorithms: ['ES256'] });
  return payload.sub ?? '';
}
`,
  'app/auth.py': `import jwt

def user_of(token, key):
    return jwt.decode(token, key, algorithms=["RS256"], audience="shop", issuer="https://id.example.com/")
`,
  'auth/token.go': `package auth

import "github.com/golang-jwt/jwt/v5"

func Parse(text string, key any) (*jwt.Token, error) {
	return jwt.Parse(text, func(t *jwt.Token) (any, error) { return key, nil },
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithAudience("shop"), jwt.WithIssuer("https://id.example.com/"))
}
`,
  'src/main/java/Tokens.java': `import com.auth0.jwt.JWT;
import com.auth0.jwt.algorithms.Algorithm;
import com.auth0.jwt.interfaces.DecodedJWT;

class Tokens {
  DecodedJWT verify(String token, Algorithm algorithm) {
    return JWT.require(algorithm).withIssuer("https://id.example.com/").withAudience("shop").build().verify(token);
  }
}
`,
};

const rules = (world: World): Doc => find(world, 'RequestAuthentication', 'tokens')['spec'].jwtRules[0] as Doc;

const swap = (file: string, from: string, to: string) => (world: World) => {
  const text = world.files[file] as string;
  if (!text.includes(from)) throw new Error(`${file} does not hold ${from}`);
  world.files[file] = text.replace(from, () => to);
};

function guarded(world: World): World {
  add(
    world,
    {
      apiVersion: 'security.istio.io/v1',
      kind: 'RequestAuthentication',
      metadata: { name: 'tokens', namespace: 'default' },
      spec: {
        selector: { matchLabels: { app: 'productpage' } },
        jwtRules: [{ issuer: 'https://id.example.com/', jwksUri: 'https://id.example.com/jwks', audiences: ['shop'] }],
      },
    },
    {
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: { name: 'token-required', namespace: 'default' },
      spec: {
        selector: { matchLabels: { app: 'productpage' } },
        action: 'ALLOW',
        rules: [{ from: [{ source: { requestPrincipals: ['https://id.example.com//*'] } }] }],
      },
    },
  );
  Object.assign(world.files, GOOD);
  return world;
}

const security = (jwt: Doc): Doc => ({
  apiVersion: 'gateway.envoyproxy.io/v1alpha1',
  kind: 'SecurityPolicy',
  metadata: { name: 'edge' },
  spec: { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'web' }], jwt: { providers: [jwt] } },
});

export const gap: Gap = {
  name: 'jwt',
  codes: ['code.', 'policy.token', 'mesh.', 'jwt.', 'istio.', 'oauth.'],
  cases: (systems) =>
    casesOf(
      guarded(systems.bookinfo()),
      {
        'Istio: no audiences': (world) => delete rules(world)['audiences'],
        'Istio: empty audiences': (world) => (rules(world)['audiences'] = []),
        'Istio: keys over plain HTTP': (world) => (rules(world)['jwksUri'] = 'http://id.example.com/jwks'),
        'Istio: token not required': (world) => {
          find(world, 'AuthorizationPolicy', 'token-required')['spec'].rules = [{ to: [{ operation: { methods: ['GET'] } }] }];
        },
        'Envoy Gateway: no audiences': (world) =>
          add(
            world,
            security({ name: 'id', issuer: 'https://id.example.com/', remoteJWKS: { uri: 'https://id.example.com/jwks' } }),
          ),
        'Envoy Gateway: no issuer': (world) =>
          add(world, security({ name: 'id', audiences: ['shop'], remoteJWKS: { uri: 'https://id.example.com/jwks' } })),
        'jsonwebtoken: expiry ignored': swap('src/auth.js', "audience: 'shop'", "audience: 'shop', ignoreExpiration: true"),
        'jsonwebtoken: no audience': swap('src/auth.js', "audience: 'shop', ", ''),
        'jsonwebtoken: no issuer': swap('src/auth.js', ", issuer: 'https://id.example.com/'", ''),
        'jsonwebtoken: no options': swap(
          'src/auth.js',
          ", { algorithms: ['RS256'], audience: 'shop', issuer: 'https://id.example.com/' }",
          '',
        ),
        'jsonwebtoken: decoded only': swap(
          'src/auth.js',
          "jwt.verify(token, KEY, { algorithms: ['RS256'], audience: 'shop', issuer: 'https://id.example.com/' })",
          'jwt.decode(token)',
        ),
        'jsonwebtoken: expiry ignored through a constant': (world) => {
          swap('src/auth.js', "{ algorithms: ['RS256'], audience: 'shop', issuer: 'https://id.example.com/' }", 'OPTIONS')(world);
          swap(
            'src/auth.js',
            'const KEY',
            "const OPTIONS = { algorithms: ['RS256'], audience: 'shop', issuer: 'https://id.example.com/', ignoreExpiration: true };\nconst KEY",
          )(world);
        },
        'jose: no audience': swap('src/token.ts', "audience: 'shop', ", ''),
        'jose: no issuer': swap('src/token.ts', "issuer: 'https://id.example.com/', ", ''),
        'jose: decoded only': (world) => {
          swap('src/token.ts', 'createRemoteJWKSet, jwtVerify', 'decodeJwt')(world);
          swap('src/token.ts', "const keys = createRemoteJWKSet(new URL('https://id.example.com/jwks'));\n", '')(world);
          swap(
            'src/token.ts',
            "const { payload } = await jwtVerify(token, keys, { issuer: 'https://id.example.com/', audience: 'shop', algorithms: ['ES256'] });",
            'const payload = decodeJwt(token);',
          )(world);
        },
        'PyJWT: expiry ignored': swap('app/auth.py', 'audience="shop"', 'audience="shop", options={"verify_exp": False}'),
        'PyJWT: nothing verified': swap(
          'app/auth.py',
          ', algorithms=["RS256"], audience="shop", issuer="https://id.example.com/")',
          ', options={"verify_signature": False})',
        ),
        'PyJWT: no issuer': swap('app/auth.py', ', issuer="https://id.example.com/"', ''),
        'PyJWT: audience ignored': swap('app/auth.py', 'audience="shop", ', 'options={"verify_aud": False}, '),
        'Go: parsed unverified': swap(
          'auth/token.go',
          'return jwt.Parse(text, func(t *jwt.Token) (any, error) { return key, nil },\n\t\tjwt.WithValidMethods([]string{"RS256"}), jwt.WithAudience("shop"), jwt.WithIssuer("https://id.example.com/"))',
          'token, _, err := jwt.NewParser().ParseUnverified(text, jwt.MapClaims{})\n\treturn token, err',
        ),
        'Go: claims not validated': swap('auth/token.go', 'jwt.WithAudience("shop")', 'jwt.WithoutClaimsValidation()'),
        'Go: no audience': swap('auth/token.go', 'jwt.WithAudience("shop"), ', ''),
        'Go: no issuer': swap('auth/token.go', ', jwt.WithIssuer("https://id.example.com/")', ''),
        'Java: no audience': swap('src/main/java/Tokens.java', '.withAudience("shop")', ''),
        'Java: no issuer': swap('src/main/java/Tokens.java', '.withIssuer("https://id.example.com/")', ''),
        'Java: decoded only': swap(
          'src/main/java/Tokens.java',
          'JWT.require(algorithm).withIssuer("https://id.example.com/").withAudience("shop").build().verify(token)',
          'JWT.decode(token)',
        ),
      },
      {
        'Istio: two audiences': (world) => rules(world)['audiences'].push('shop-mobile'),
        'Istio: claims to headers': (world) => (rules(world)['outputClaimToHeaders'] = [{ header: 'x-sub', claim: 'sub' }]),
        'Istio: a second provider, whole': (world) =>
          find(world, 'RequestAuthentication', 'tokens')['spec'].jwtRules.push({
            issuer: 'https://b.example.com/',
            jwksUri: 'https://b.example.com/jwks',
            audiences: ['shop'],
          }),
        'Envoy Gateway: whole': (world) =>
          add(
            world,
            security({
              name: 'id',
              issuer: 'https://id.example.com/',
              audiences: ['shop'],
              remoteJWKS: { uri: 'https://id.example.com/jwks' },
            }),
          ),
        'jsonwebtoken: two algorithms': swap('src/auth.js', "['RS256']", "['RS256', 'ES256']"),
        'jsonwebtoken: clock tolerance': swap('src/auth.js', "audience: 'shop'", "audience: 'shop', clockTolerance: 5"),
        'jsonwebtoken: expiry kept outright': swap(
          'src/auth.js',
          "audience: 'shop'",
          "audience: 'shop', ignoreExpiration: false",
        ),
        'jsonwebtoken: the words in a comment': swap(
          'src/auth.js',
          '  try {',
          '  // never set ignoreExpiration: true here\n  try {',
        ),
        'jsonwebtoken: the words in a text': swap(
          'src/auth.js',
          '  try {',
          "  const advice = 'jwt.decode(token) verifies nothing';\n  try {",
        ),
        'jsonwebtoken: options in a constant': (world) => {
          swap('src/auth.js', "{ algorithms: ['RS256'], audience: 'shop', issuer: 'https://id.example.com/' }", 'OPTIONS')(world);
          swap(
            'src/auth.js',
            'const KEY',
            "const OPTIONS = { algorithms: ['RS256'], audience: 'shop', issuer: 'https://id.example.com/' };\nconst KEY",
          )(world);
        },
        'a decode that is not of a token': swap(
          'src/auth.js',
          '  try {',
          '  const base64 = { decode: (text) => Buffer.from(text, "base64") };\n  base64.decode(token);\n  try {',
        ),
        'jose: several audiences': swap('src/token.ts', "audience: 'shop'", "audience: ['shop', 'shop-mobile']"),
        'jose: a maximum age': swap('src/token.ts', "audience: 'shop'", "audience: 'shop', maxTokenAge: '10m'"),
        'PyJWT: required claims': swap(
          'app/auth.py',
          'audience="shop"',
          'audience="shop", options={"require": ["exp", "iss", "aud"]}',
        ),
        'PyJWT: leeway': swap('app/auth.py', 'audience="shop"', 'audience="shop", leeway=10'),
        'PyJWT: the words in a docstring': swap(
          'app/auth.py',
          '    return',
          '    """Do not pass options={"verify_exp": False}."""\n    return',
        ),
        'Go: leeway': swap('auth/token.go', 'jwt.WithAudience("shop")', 'jwt.WithLeeway(5), jwt.WithAudience("shop")'),
        'Go: expiry required': swap(
          'auth/token.go',
          'jwt.WithAudience("shop")',
          'jwt.WithExpirationRequired(), jwt.WithAudience("shop")',
        ),
        'Go: the words in a comment': swap(
          'auth/token.go',
          'func Parse',
          '// ParseUnverified must not be used here.\nfunc Parse',
        ),
        'Java: leeway': swap('src/main/java/Tokens.java', '.build()', '.acceptLeeway(5).build()'),
        'Java: a claim more': swap('src/main/java/Tokens.java', '.build()', '.withClaimPresence("sub").build()'),
      },
    ),
};
