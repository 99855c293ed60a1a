// Gap: tokens whose expiry, issuer or audience nobody looks at; other gateways, other libraries, other languages.
import { gap as first } from '../gaps/jwt.ts';
import { casesOf } from '../world.ts';
import type { Doc, Gap, World } from '../world.ts';
import { dump } from 'js-yaml';

const GOOD: Readonly<Record<string, string>> = {
  'api/passport.ts': `import passport from 'passport';
import { ExtractJwt, Strategy } from 'passport-jwt';

passport.use(
  new Strategy(
    {
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKeyProvider: keys,
      issuer: 'https://id.socks.example/',
      audience: 'orders',
      algorithms: ['RS256'],
    },
    (claims, done) => done(null, { id: claims.sub }),
  ),
);
`,
  'api/server.mjs': `import { expressjwt } from 'express-jwt';
import jwksRsa from 'jwks-rsa';

export const guard = expressjwt({
  secret: jwksRsa.expressJwtSecret({ jwksUri: 'https://id.socks.example/jwks', cache: true }),
  audience: 'orders',
  issuer: 'https://id.socks.example/',
  algorithms: ['RS256'],
});
`,
  'orders/tokens.py': `from jose import jwt

OPTIONS = {"require_exp": True}


def subject(token, keys):
    claims = jwt.decode(
        token,
        keys,
        algorithms=["RS256"],
        audience="orders",
        issuer="https://id.socks.example/",
        options=OPTIONS,
    )
    return claims["sub"]
`,
  'payment/verify.go': `package payment

import (
	"context"

	"github.com/coreos/go-oidc/v3/oidc"
)

func verify(ctx context.Context, raw string) (*oidc.IDToken, error) {
	provider, err := oidc.NewProvider(ctx, "https://id.socks.example/")
	if err != nil {
		return nil, err
	}
	return provider.Verifier(&oidc.Config{ClientID: "payment"}).Verify(ctx, raw)
}
`,
  'carts/src/main/kotlin/Tokens.kt': `package works.socks.carts

import io.jsonwebtoken.Claims
import io.jsonwebtoken.Jwts
import java.security.PublicKey

class Tokens(private val key: PublicKey) {
    fun claims(text: String): Claims =
        Jwts.parser()
            .verifyWith(key)
            .requireIssuer("https://id.socks.example/")
            .requireAudience("carts")
            .build()
            .parseSignedClaims(text)
            .payload
}
`,
  'shipping/src/main/java/works/socks/Consumer.java': `package works.socks;

import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.consumer.JwtConsumer;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;

class Consumer {
  JwtClaims read(String token, java.security.Key key) throws Exception {
    JwtConsumer consumer = new JwtConsumerBuilder()
        .setRequireExpirationTime()
        .setExpectedIssuer("https://id.socks.example/")
        .setExpectedAudience("shipping")
        .setVerificationKey(key)
        .build();
    return consumer.processToClaims(token);
  }
}
`,
};

const swap = (file: string, from: string, to: string) => (world: World) => {
  const text = world.files[file] as string;
  if (!text.includes(from)) throw new Error(`${file} does not hold ${from}`);
  world.files[file] = text.replace(from, () => to);
};
const file = (path: string, text: string) => (world: World) => {
  world.files[path] = text;
};
const yaml =
  (...docs: readonly Doc[]) =>
  (world: World) => {
    world.files['edge/more.yaml'] = docs.map((doc) => dump(doc)).join('---\n');
  };
const istio = (rule: Doc): Doc => ({
  apiVersion: 'security.istio.io/v1beta1',
  kind: 'RequestAuthentication',
  metadata: { name: 'edge', namespace: 'istio-system' },
  spec: { selector: { matchLabels: { istio: 'ingressgateway' } }, jwtRules: [rule] },
});
const require: Doc = {
  apiVersion: 'security.istio.io/v1beta1',
  kind: 'AuthorizationPolicy',
  metadata: { name: 'edge', namespace: 'istio-system' },
  spec: {
    selector: { matchLabels: { istio: 'ingressgateway' } },
    rules: [{ from: [{ source: { requestPrincipals: ['https://id.socks.example//*'] } }] }],
  },
};
const kong = (config: Doc): Doc => ({
  apiVersion: 'configuration.konghq.com/v1',
  kind: 'KongPlugin',
  metadata: { name: 'tokens', namespace: 'sock-shop' },
  plugin: 'jwt',
  config,
});
const WHOLE = { issuer: 'https://id.socks.example/', jwksUri: 'https://id.socks.example/jwks', audiences: ['orders'] };
const PASSPORT = 'api/passport.ts';
const EXPRESS = 'api/server.mjs';
const PYTHON = 'orders/tokens.py';
const GO = 'payment/verify.go';
const KOTLIN = 'carts/src/main/kotlin/Tokens.kt';
const JAVA = 'shipping/src/main/java/works/socks/Consumer.java';
const spring = (lines: string): string => `spring:\n  security:\n    oauth2:\n      resourceserver:\n        jwt:\n${lines}`;

export const gap: Gap = {
  name: 'more-jwt',
  codes: first.codes,
  cases: () =>
    casesOf(
      { docs: [], files: { ...GOOD } },
      {
        'passport-jwt: expiry ignored': swap(PASSPORT, "issuer: 'https", "ignoreExpiration: true,\n      issuer: 'https"),
        'passport-jwt: no audience': swap(PASSPORT, "      audience: 'orders',\n", ''),
        'passport-jwt: no issuer': swap(PASSPORT, "      issuer: 'https://id.socks.example/',\n", ''),
        'express-jwt: no audience': swap(EXPRESS, "  audience: 'orders',\n", ''),
        'express-jwt: no issuer': swap(EXPRESS, "  issuer: 'https://id.socks.example/',\n", ''),
        'python-jose: expiry switched off': swap(PYTHON, '{"require_exp": True}', '{"verify_exp": False}'),
        'python-jose: audience switched off': swap(PYTHON, '        audience="orders",\n', "        # anyone's tokens\n"),
        'python-jose: signature switched off': swap(PYTHON, 'options=OPTIONS', 'options={"verify_signature": False}'),
        'python-jose: claims without verification': swap(
          PYTHON,
          'claims = jwt.decode(\n        token,\n        keys,\n        algorithms=["RS256"],\n        audience="orders",\n        issuer="https://id.socks.example/",\n        options=OPTIONS,\n    )',
          'claims = jwt.get_unverified_claims(token)',
        ),
        'go-oidc: expiry ignored': swap(GO, 'ClientID: "payment"', 'ClientID: "payment", SkipExpiryCheck: true'),
        'go-oidc: issuer ignored': swap(GO, 'ClientID: "payment"', 'ClientID: "payment", SkipIssuerCheck: true'),
        'go-oidc: audience ignored': swap(GO, 'ClientID: "payment"', 'SkipClientIDCheck: true'),
        'jjwt in Kotlin: no issuer': swap(KOTLIN, '            .requireIssuer("https://id.socks.example/")\n', ''),
        'jjwt in Kotlin: no audience': swap(KOTLIN, '            .requireAudience("carts")\n', ''),
        'jose4j: audience skipped': swap(JAVA, '.setExpectedAudience("shipping")', '.setSkipDefaultAudienceValidation()'),
        'jose4j: all validators skipped': swap(JAVA, '.setRequireExpirationTime()', '.setSkipAllValidators()'),
        'Spring: keys without an issuer': file(
          'user/src/main/resources/application.yml',
          spring('          jwk-set-uri: https://id.socks.example/jwks\n'),
        ),
        'Istio at the gateway: no audiences': yaml(
          istio({ issuer: 'https://id.socks.example/', jwksUri: 'https://id.socks.example/jwks' }),
          require,
        ),
        'Kong: expiry not among the claims': yaml(kong({ key_claim_name: 'iss' })),
      },
      {
        'passport-jwt: expiry kept outright': swap(PASSPORT, "issuer: 'https", "ignoreExpiration: false,\n      issuer: 'https"),
        'passport-jwt: two algorithms': swap(PASSPORT, "['RS256']", "['RS256', 'PS256']"),
        'express-jwt: two audiences': swap(EXPRESS, "audience: 'orders'", "audience: ['orders', 'carts']"),
        'express-jwt: optional credentials on one route': swap(
          EXPRESS,
          "audience: 'orders',",
          "audience: 'orders',\n  credentialsRequired: true,",
        ),
        'python-jose: more required claims': swap(
          PYTHON,
          '{"require_exp": True}',
          '{"require_exp": True, "require_aud": True, "leeway": 5}',
        ),
        'python-jose: the words in a comment': swap(PYTHON, 'OPTIONS =', '# verify_exp must never be False\nOPTIONS ='),
        'go-oidc: an algorithm said outright': swap(
          GO,
          'ClientID: "payment"',
          'ClientID: "payment", SupportedSigningAlgs: []string{oidc.RS256}',
        ),
        'go-oidc: skipping said to be off': swap(GO, 'ClientID: "payment"', 'ClientID: "payment", SkipExpiryCheck: false'),
        'jjwt in Kotlin: clock skew': swap(
          KOTLIN,
          '            .build()',
          '            .clockSkewSeconds(5)\n            .build()',
        ),
        'jose4j: skew allowed': swap(
          JAVA,
          '.setVerificationKey',
          '.setAllowedClockSkewInSeconds(5)\n        .setVerificationKey',
        ),
        'Spring: issuer and audience': file(
          'user/src/main/resources/application.yml',
          spring('          issuer-uri: https://id.socks.example/\n          audiences: user\n'),
        ),
        'Istio at the gateway: whole': yaml(istio(WHOLE), require),
        'Istio at the gateway: from a cookie': yaml(istio({ ...WHOLE, fromCookies: ['session'] }), require),
        'Kong: claims verified': yaml(
          kong({ key_claim_name: 'iss', claims_to_verify: ['exp', 'nbf'], maximum_expiration: 3600 }),
        ),
        'tokens are made and not read': file(
          'user/sign.js',
          "const jwt = require('jsonwebtoken');\nexports.make = (id, key) => jwt.sign({ sub: id }, key, { algorithm: 'RS256', expiresIn: '5m', issuer: 'https://id.socks.example/', audience: 'orders' });\n",
        ),
        'a test that decodes': file(
          'api/passport.test.ts',
          "import { decodeJwt } from 'jose';\nimport test from 'node:test';\ntest('claims', () => { decodeJwt('a.b.c'); });\n",
        ),
      },
    ),
};
