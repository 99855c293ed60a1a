// Gap: tokens are introspected, and whoever issued them is believed.
import { casesOf } from '../world.ts';
import type { Gap, World } from '../world.ts';

const GOOD: Readonly<Record<string, string>> = {
  'src/introspect.js': `const TRUSTED = 'https://id.example.com';
module.exports = async function introspect(token) {
  const response = await fetch('https://id.example.com/oauth2/introspect', {
    method: 'POST',
    headers: { authorization: process.env.INTROSPECTION_AUTH },
    body: new URLSearchParams({ token }),
  });
  const claims = await response.json();
  if (!claims.active || claims.iss !== TRUSTED || claims.aud !== 'shop') throw new Error('refused');
  return claims;
};
`,
  'app/introspect.py': `import requests

TRUSTED = "https://id.example.com"

def introspect(token, auth):
    claims = requests.post("https://id.example.com/oauth2/introspect", data={"token": token}, auth=auth, timeout=5).json()
    if not claims.get("active") or claims.get("iss") != TRUSTED or claims.get("aud") != "shop":
        raise PermissionError("refused")
    return claims
`,
  'auth/introspect.go': `package auth

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
)

const trusted = "https://id.example.com"

type claims struct {
	Active bool   \`json:"active"\`
	Issuer string \`json:"iss"\`
	Aud    string \`json:"aud"\`
}

func Introspect(token string) (*claims, error) {
	res, err := http.PostForm("https://id.example.com/oauth2/introspect", url.Values{"token": {token}})
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	var c claims
	if err := json.NewDecoder(res.Body).Decode(&c); err != nil {
		return nil, err
	}
	if !c.Active || c.Issuer != trusted || c.Aud != "shop" {
		return nil, errors.New("refused")
	}
	return &c, nil
}
`,
  'src/main/java/Introspection.java': `import java.util.Map;
import org.springframework.web.client.RestTemplate;

class Introspection {
  private static final String TRUSTED = "https://id.example.com";

  Map<?, ?> introspect(RestTemplate http, Object form) {
    Map<?, ?> claims = http.postForObject("https://id.example.com/oauth2/introspect", form, Map.class);
    if (!Boolean.TRUE.equals(claims.get("active")) || !TRUSTED.equals(claims.get("iss"))) {
      throw new SecurityException("refused");
    }
    return claims;
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
const JS = 'src/introspect.js';
const PY = 'app/introspect.py';
const GO = 'auth/introspect.go';
const JAVA = 'src/main/java/Introspection.java';
const spring = (more = ''): string =>
  `spring:\n  security:\n    oauth2:\n      resourceserver:\n        opaquetoken:\n          introspection-uri: https://id.example.com/oauth2/introspect\n          client-id: shop\n          client-secret: \${SHOP_SECRET}\n${more}`;
const kong = (more = ''): string =>
  `_format_version: "3.0"\nplugins:\n  - name: oauth2-introspection\n    config:\n      introspection_url: https://id.example.com/oauth2/introspect\n      authorization_value: "{vault://env/introspection}"\n${more}`;
const apisix = (more = ''): string =>
  `routes:\n  - uri: /*\n    plugins:\n      openid-connect:\n        client_id: shop\n        client_secret: $ENV://SHOP_SECRET\n        discovery: https://id.example.com/.well-known/openid-configuration\n        introspection_endpoint: https://id.example.com/oauth2/introspect\n        bearer_only: true\n${more}    upstream: { nodes: { "shop:80": 1 } }\n`;

export const gap: Gap = {
  name: 'introspection',
  codes: ['oauth.', 'code.'],
  cases: () =>
    casesOf(
      { docs: [], files: { ...GOOD } },
      {
        'JavaScript: issuer not looked at': swap(JS, "claims.iss !== TRUSTED || claims.aud !== 'shop'", "claims.aud !== 'shop'"),
        'JavaScript: active alone': swap(JS, " || claims.iss !== TRUSTED || claims.aud !== 'shop'", ''),
        'JavaScript: nothing looked at': swap(
          JS,
          "  if (!claims.active || claims.iss !== TRUSTED || claims.aud !== 'shop') throw new Error('refused');\n",
          '',
        ),
        'JavaScript: issuer in a comment': swap(
          JS,
          "  if (!claims.active || claims.iss !== TRUSTED || claims.aud !== 'shop')",
          '  // claims.iss is checked elsewhere\n  if (!claims.active)',
        ),
        'JavaScript: issuer logged only': swap(
          JS,
          "  if (!claims.active || claims.iss !== TRUSTED || claims.aud !== 'shop')",
          '  console.log(claims.iss);\n  if (!claims.active)',
        ),
        'Python: issuer not looked at': swap(PY, ' or claims.get("iss") != TRUSTED', ''),
        'Python: active alone': swap(PY, ' or claims.get("iss") != TRUSTED or claims.get("aud") != "shop"', ''),
        'Python: nothing looked at': swap(
          PY,
          '    if not claims.get("active") or claims.get("iss") != TRUSTED or claims.get("aud") != "shop":\n        raise PermissionError("refused")\n',
          '',
        ),
        'Python: issuer in a comment': swap(
          PY,
          '    if not claims.get("active") or claims.get("iss") != TRUSTED or claims.get("aud") != "shop":',
          '    # the gateway looks at iss\n    if not claims.get("active"):',
        ),
        'Go: issuer not looked at': swap(GO, ' || c.Issuer != trusted', ''),
        'Go: active alone': swap(GO, ' || c.Issuer != trusted || c.Aud != "shop"', ''),
        'Go: nothing looked at': swap(
          GO,
          '\tif !c.Active || c.Issuer != trusted || c.Aud != "shop" {\n\t\treturn nil, errors.New("refused")\n\t}\n',
          '',
        ),
        'Java: issuer not looked at': swap(JAVA, ' || !TRUSTED.equals(claims.get("iss"))', ''),
        'Java: nothing looked at': swap(
          JAVA,
          '    if (!Boolean.TRUE.equals(claims.get("active")) || !TRUSTED.equals(claims.get("iss"))) {\n      throw new SecurityException("refused");\n    }\n',
          '',
        ),
        'Spring: opaque tokens without an issuer': file('src/main/resources/application.yml', spring()),
        'Spring: properties': file(
          'src/main/resources/application.properties',
          'spring.security.oauth2.resourceserver.opaquetoken.introspection-uri=https://id.example.com/oauth2/introspect\nspring.security.oauth2.resourceserver.opaquetoken.client-id=shop\n',
        ),
        'Kong: no issuer': file('kong.yaml', kong()),
        'APISIX: no issuer': file('apisix.yaml', apisix()),
        'JavaScript: a second place without a check': file(
          'src/other.js',
          `exports.user = async (token) => {\n  const response = await fetch('https://id.example.com/introspect', { method: 'POST', body: new URLSearchParams({ token }) });\n  const { active, sub } = await response.json();\n  return active ? sub : undefined;\n};\n`,
        ),
        'Python: a second place without a check': file(
          'app/other.py',
          `import requests\n\ndef user(token, auth):\n    body = requests.post("https://id.example.com/introspect", data={"token": token}, auth=auth, timeout=5).json()\n    return body["sub"] if body["active"] else None\n`,
        ),
      },
      {
        'JavaScript: a list of issuers': swap(JS, 'claims.iss !== TRUSTED', '![TRUSTED].includes(claims.iss)'),
        'JavaScript: taken apart': swap(
          JS,
          "  if (!claims.active || claims.iss !== TRUSTED || claims.aud !== 'shop')",
          "  const { active, iss, aud } = claims;\n  if (!active || iss !== TRUSTED || aud !== 'shop')",
        ),
        'JavaScript: checked first': swap(
          JS,
          "  if (!claims.active || claims.iss !== TRUSTED || claims.aud !== 'shop')",
          "  if (claims.iss !== TRUSTED) throw new Error('foreign');\n  if (!claims.active || claims.aud !== 'shop')",
        ),
        'JavaScript: by index': swap(JS, 'claims.iss !== TRUSTED', "claims['iss'] !== TRUSTED"),
        'JavaScript: a set': swap(JS, 'claims.iss !== TRUSTED', '!new Set([TRUSTED]).has(claims.iss)'),
        'JavaScript: the word in another meaning': file(
          'src/zoo.js',
          "exports.introspection = 'looking inside';\nexports.iss = 'international space station';\n",
        ),
        'JavaScript: GraphQL introspection': file(
          'src/graphql.js',
          "const { getIntrospectionQuery } = require('graphql');\nexports.schema = (url) => fetch(url, { method: 'POST', body: JSON.stringify({ query: getIntrospectionQuery() }) });\n",
        ),
        'Python: a set': swap(PY, 'claims.get("iss") != TRUSTED', 'claims.get("iss") not in {TRUSTED}'),
        'Python: by index': swap(PY, 'claims.get("iss") != TRUSTED', 'claims["iss"] != TRUSTED'),
        'Python: checked first': swap(
          PY,
          '    if not claims.get("active") or claims.get("iss") != TRUSTED or',
          '    if claims.get("iss") != TRUSTED:\n        raise PermissionError("foreign")\n    if not claims.get("active") or',
        ),
        'Python: SQLAlchemy introspection': file(
          'app/db.py',
          'from sqlalchemy import inspect\n\ndef introspect(engine):\n    return inspect(engine).get_table_names()\n',
        ),
        'Go: checked in a switch': swap(
          GO,
          '\tif !c.Active || c.Issuer != trusted || c.Aud != "shop" {\n\t\treturn nil, errors.New("refused")\n\t}\n',
          '\tswitch {\n\tcase !c.Active, c.Issuer != trusted, c.Aud != "shop":\n\t\treturn nil, errors.New("refused")\n\t}\n',
        ),
        'Go: checked first': swap(
          GO,
          'if !c.Active || c.Issuer != trusted || c.Aud',
          'if c.Issuer != trusted {\n\t\treturn nil, errors.New("foreign")\n\t}\n\tif !c.Active || c.Aud',
        ),
        'Go: another package': file(
          'schema/introspect.go',
          'package schema\n\n// Introspect reads the tables.\nfunc Introspect(db DB) ([]Table, error) {\n\treturn db.Tables()\n}\n',
        ),
        'Java: Objects.equals': swap(
          JAVA,
          '!TRUSTED.equals(claims.get("iss"))',
          '!java.util.Objects.equals(TRUSTED, claims.get("iss"))',
        ),
        'Java: a set': swap(JAVA, '!TRUSTED.equals(claims.get("iss"))', '!java.util.Set.of(TRUSTED).contains(claims.get("iss"))'),
        'Spring: tokens that are signed': file(
          'src/main/resources/application.yml',
          'spring:\n  security:\n    oauth2:\n      resourceserver:\n        jwt:\n          issuer-uri: https://id.example.com\n          audiences: shop\n',
        ),
        'APISIX: issuers said': file(
          'apisix.yaml',
          apisix(
            '        claim_validator:\n          issuer:\n            valid_issuers: [https://id.example.com]\n          audience: { required: true }\n',
          ),
        ),
        'Kong: issuers said': file(
          'kong.yaml',
          kong('      custom_claims_forward: [iss]\n')
            .replace('oauth2-introspection', 'openid-connect')
            .replace(
              'introspection_url:',
              'issuer: https://id.example.com\n      issuers_allowed: [https://id.example.com]\n      audience_required: [shop]\n      introspection_endpoint:',
            ),
        ),
        'a test of the words': file(
          'docs/introspection.md',
          '# Introspection\n\nSend the token to `/oauth2/introspect` and look at `iss`.\n',
        ),
      },
    ),
};
