// Gap: tokens are introspected, and whoever issued them is believed; other frameworks, gateways and languages.
import { gap as first } from '../gaps/introspection.ts';
import { casesOf } from '../world.ts';
import type { Gap, World } from '../world.ts';

const GOOD: Readonly<Record<string, string>> = {
  'api/introspection.ts': `import axios from 'axios';

const ISSUERS = new Set(['https://id.socks.example']);

interface Introspection {
  active: boolean;
  iss?: string;
  sub?: string;
  scope?: string;
}

export async function whoIs(token: string): Promise<Introspection> {
  const { data } = await axios.post<Introspection>(
    process.env.INTROSPECTION_URL ?? 'https://id.socks.example/oauth2/introspect',
    new URLSearchParams({ token, token_type_hint: 'access_token' }),
    { auth: { username: 'api', password: process.env.API_SECRET ?? '' } },
  );
  if (!data.active) throw new Error('inactive');
  if (!data.iss || !ISSUERS.has(data.iss)) throw new Error('foreign issuer');
  return data;
}
`,
  'api/fastapi_auth.py': `import httpx
from fastapi import HTTPException

ISSUER = "https://id.socks.example"


async def current_user(token: str) -> dict:
    async with httpx.AsyncClient() as client:
        response = await client.post(
            "https://id.socks.example/oauth2/introspect",
            data={"token": token},
            auth=("api", SECRET),
        )
    data = response.json()
    if not data["active"]:
        raise HTTPException(status_code=401)
    if data.get("iss") != ISSUER:
        raise HTTPException(status_code=401)
    return data
`,
  'carts/src/main/kotlin/Introspector.kt': `package works.socks.carts

import com.fasterxml.jackson.databind.JsonNode
import okhttp3.FormBody
import okhttp3.OkHttpClient
import okhttp3.Request

class Introspector(private val http: OkHttpClient, private val mapper: com.fasterxml.jackson.databind.ObjectMapper) {
    fun introspect(token: String): JsonNode {
        val request = Request.Builder()
            .url("https://id.socks.example/oauth2/introspect")
            .post(FormBody.Builder().add("token", token).build())
            .build()
        val claims = mapper.readTree(http.newCall(request).execute().body!!.string())
        require(claims["active"].asBoolean()) { "inactive" }
        require(claims["iss"].asText() == "https://id.socks.example") { "foreign issuer" }
        return claims
    }
}
`,
  'payment/introspect.go': `package payment

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

var issuers = map[string]bool{"https://id.socks.example": true}

func introspect(client *http.Client, token string) (map[string]any, error) {
	form := url.Values{"token": {token}}
	request, err := http.NewRequest(http.MethodPost, "https://id.socks.example/oauth2/introspect", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	claims := map[string]any{}
	if err := json.NewDecoder(response.Body).Decode(&claims); err != nil {
		return nil, err
	}
	if active, _ := claims["active"].(bool); !active {
		return nil, errors.New("inactive")
	}
	if issuer, _ := claims["iss"].(string); !issuers[issuer] {
		return nil, errors.New("foreign issuer")
	}
	return claims, nil
}
`,
};

const TS = 'api/introspection.ts';
const PY = 'api/fastapi_auth.py';
const KT = 'carts/src/main/kotlin/Introspector.kt';
const GO = 'payment/introspect.go';
const swap = (path: string, from: string, to: string) => (world: World) => {
  const text = world.files[path] as string;
  if (!text.includes(from)) throw new Error(`${path} does not hold ${from}`);
  world.files[path] = text.replace(from, () => to);
};
const file = (path: string, text: string) => (world: World) => {
  world.files[path] = text;
};
const ISSUER_TS = "  if (!data.iss || !ISSUERS.has(data.iss)) throw new Error('foreign issuer');\n";
const ISSUER_PY = '    if data.get("iss") != ISSUER:\n        raise HTTPException(status_code=401)\n';
const ISSUER_KT = '        require(claims["iss"].asText() == "https://id.socks.example") { "foreign issuer" }\n';
const ISSUER_GO =
  '\tif issuer, _ := claims["iss"].(string); !issuers[issuer] {\n\t\treturn nil, errors.New("foreign issuer")\n\t}\n';
const spring = (lines: string): string => `spring:\n  security:\n    oauth2:\n      resourceserver:\n${lines}`;
const kongPlugin = (more: string): string =>
  `apiVersion: configuration.konghq.com/v1\nkind: KongPlugin\nmetadata: { name: introspect, namespace: sock-shop }\nplugin: openid-connect\nconfig:\n  auth_methods: [introspection]\n  introspection_endpoint: https://id.socks.example/oauth2/introspect\n  client_id: [edge]\n${more}`;
export const gap: Gap = {
  name: 'more-introspection',
  codes: first.codes,
  cases: () =>
    casesOf(
      { docs: [], files: { ...GOOD } },
      {
        'axios: the issuer is not looked at': swap(TS, ISSUER_TS, ''),
        'axios: the issuer is written to the log': swap(TS, ISSUER_TS, '  console.info({ issuer: data.iss });\n'),
        'axios: that there is one is enough': swap(TS, ISSUER_TS, "  if (!data.sub) throw new Error('nobody');\n"),
        'httpx: the issuer is not looked at': swap(PY, ISSUER_PY, ''),
        'httpx: a comment in its place': swap(PY, ISSUER_PY, '    # data["iss"] is always ours\n'),
        'Kotlin: the issuer is not looked at': swap(KT, ISSUER_KT, ''),
        'Go: the issuer is not looked at': swap(GO, ISSUER_GO, ''),
        'Go: the scope in place of the issuer': swap(
          GO,
          ISSUER_GO,
          '\tif scope, _ := claims["scope"].(string); scope == "" {\n\t\treturn nil, errors.New("no scope")\n\t}\n',
        ),
        'Node: the older request': file(
          'legacy/auth.js',
          `const got = require('got');\n\nmodule.exports = async (ctx, next) => {\n  const token = ctx.get('authorization').slice(7);\n  const body = await got.post('https://id.socks.example/oauth2/introspect', { form: { token } }).json();\n  if (!body.active) ctx.throw(401);\n  ctx.state.user = body.sub;\n  await next();\n};\n`,
        ),
        'Flask: a requests session': file(
          'legacy/auth.py',
          `import requests\n\nsession = requests.Session()\n\n\ndef load_user(token):\n    claims = session.post("https://id.socks.example/introspect", data={"token": token}, timeout=3).json()\n    if claims.get("active") is not True:\n        return None\n    return claims["username"]\n`,
        ),
        'openid-client: the answer is taken as it is': file(
          'legacy/oidc.mjs',
          `import * as client from 'openid-client';\n\nexport async function user(config, token) {\n  const result = await client.tokenIntrospection(config, token);\n  if (!result.active) throw new Error('inactive');\n  return result.sub;\n}\n`,
        ),
        'Spring: opaque tokens in YAML': file(
          'orders/src/main/resources/application.yaml',
          spring(
            '        opaquetoken:\n          introspection-uri: https://id.socks.example/oauth2/introspect\n          client-id: orders\n          client-secret: ${SECRET}\n',
          ),
        ),
        'Kong: no issuer in a plugin': file('deploy/kong.yaml', kongPlugin('')),
      },
      {
        'axios: compared by a list': swap(TS, '!ISSUERS.has(data.iss)', '![...ISSUERS].includes(data.iss)'),
        'axios: compared first': swap(TS, "  if (!data.active) throw new Error('inactive');\n", ''),
        'axios: another client': swap(
          TS,
          "import axios from 'axios';",
          "import axios from 'axios';\n\naxios.defaults.timeout = 3000;",
        ),
        'httpx: in one condition': swap(
          PY,
          '    if not data["active"]:\n        raise HTTPException(status_code=401)\n    if data.get("iss") != ISSUER:',
          '    if not data["active"] or data.get("iss") != ISSUER:',
        ),
        'httpx: several issuers': swap(
          PY,
          'data.get("iss") != ISSUER',
          'data.get("iss") not in (ISSUER, "https://id2.socks.example")',
        ),
        'Kotlin: by a set': swap(
          KT,
          'claims["iss"].asText() == "https://id.socks.example"',
          'claims["iss"].asText() in setOf("https://id.socks.example")',
        ),
        'Go: by a function': swap(GO, '!issuers[issuer]', 'issuer != "https://id.socks.example"'),
        'Spring: signed tokens in YAML': file(
          'orders/src/main/resources/application.yaml',
          spring('        jwt:\n          issuer-uri: https://id.socks.example\n          audiences: orders\n'),
        ),
        'Kong: issuer and audience in a plugin': file(
          'deploy/kong.yaml',
          kongPlugin(
            '  issuer: https://id.socks.example\n  issuers_allowed: [https://id.socks.example]\n  audience_required: [edge]\n',
          ),
        ),
        'Java reflection is called introspection too': file(
          'orders/src/main/java/Beans.java',
          'import java.beans.Introspector;\n\nclass Beans {\n  Object of(Class<?> type) throws Exception {\n    return Introspector.getBeanInfo(type);\n  }\n}\n',
        ),
        'D-Bus is introspected too': file(
          'tools/bus.py',
          'import dbus\n\n\ndef introspect(bus, name):\n    return bus.get_object(name, "/").Introspect(dbus_interface="org.freedesktop.DBus.Introspectable")\n',
        ),
        'the server answers, and does not ask': file(
          'login/introspect.js',
          "exports.introspect = (store) => async (req, res) => {\n  const token = await store.find(req.body.token);\n  res.json(token ? { active: true, sub: token.sub, iss: 'https://id.socks.example' } : { active: false });\n};\n",
        ),
      },
    ),
};
