// Answers of introspection: whether their issuer is compared, in whatever form.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeFindings } from './analyse.ts';

/** `m` and `h` for one finding of that severity, `-` for none. */
const CASES: readonly (readonly [want: string, file: string, name: string, text: string])[] = [
  [
    '-',
    'a.js',
    'helper fn',
    `const T='x';\nfunction trusted(c) { return c.iss === T; }\nasync function introspect(t) { const r = await fetch('https://i/oauth2/introspect', {method:'POST', body: t}); const c = await r.json(); if (!c.active || !trusted(c)) throw new Error('x'); return c; }`,
  ],
  [
    '-',
    'a.js',
    'caller checks',
    `async function introspect(t) { const r = await fetch('https://i/oauth2/introspect', {method:'POST', body: t}); return r.json(); }\nasync function auth(req) { const c = await introspect(req.token); if (!c.active || c.iss !== T) throw new E(); return c.sub; }`,
  ],
  [
    'm',
    'a.js',
    'one caller does not',
    `async function introspect(t) { const r = await fetch('https://i/oauth2/introspect', {method:'POST', body: t}); return r.json(); }\nasync function auth(req) { const c = await introspect(req.token); if (!c.active || c.iss !== T) throw new E(); return c.sub; }\nasync function other(req) { const c = await introspect(req.token); if (!c.active) throw new E(); return c.sub; }`,
  ],
  [
    'm',
    'a.js',
    'presence only',
    `async function f(t) { const r = await fetch('https://i/oauth2/introspect', {method:'POST', body: t}); const c = await r.json(); if (!c.active || !c.iss) throw new E(); return c; }`,
  ],
  [
    'm',
    'a.js',
    'undefined',
    `async function f(t) { const r = await fetch('https://i/oauth2/introspect', {method:'POST', body: t}); const c = await r.json(); if (!c.active || c.iss === undefined) throw new E(); return c; }`,
  ],
  [
    'm',
    'a.js',
    'warn only',
    `async function f(t) { const r = await fetch('https://i/oauth2/introspect', {method:'POST', body: t}); const c = await r.json(); if (!c.active) throw new E(); if (c.iss !== T) { console.warn('foreign issuer'); } return c; }`,
  ],
  [
    'm',
    'a.js',
    'warn only 2',
    `async function f(t) { const r = await fetch('https://i/oauth2/introspect', {method:'POST', body: t}); const c = await r.json(); if (!c.active) throw new E(); if (c.iss !== T) logger.warn({ iss: c.iss }, 'foreign issuer'); return c; }`,
  ],
  [
    '-',
    'a.js',
    'warn and throw',
    `async function f(t) { const r = await fetch('https://i/oauth2/introspect', {method:'POST', body: t}); const c = await r.json(); if (!c.active) throw new E(); if (c.iss !== T) { console.warn('foreign issuer'); throw new E(); } return c; }`,
  ],
  [
    '-',
    'a.ts',
    'switch',
    `async function f(t: string): Promise<Claims> { const r = await axios.post(INTROSPECTION_URL, { token: t }); const c = r.data; if (!c.active) throw new E(); switch (c.iss) { case A: case B: break; default: throw new E(); } return c; }`,
  ],
  [
    '-',
    'a.ts',
    'map lookup',
    `export const f = async (t: string): Promise<Claims> => { const { data } = await axios.post(this.introspectionEndpoint, { token: t }); if (!data.active) throw new E(); const tenant = TENANTS[data.iss]; if (!tenant) throw new E(); return data; };`,
  ],
  [
    '-',
    'a.ts',
    'alias',
    `export class A { async f(t: string): Promise<Claims> { const { data } = await axios.post(this.introspectionEndpoint, { token: t }); const issuer = data.iss; if (!data.active || issuer !== T) throw new E(); return data; } }`,
  ],
  [
    '-',
    'a.ts',
    'renamed',
    `export class A { async f(t: string) { const { data } = await axios.post(this.introspectionEndpoint, { token: t }); const { active, iss: who } = data; if (!active || who !== T) throw new E(); return data; } }`,
  ],
  [
    '-',
    'a.ts',
    'zod',
    `const S = z.object({ active: z.literal(true), iss: z.literal(T), sub: z.string() });\nexport class A { async f(t: string) { const { data } = await axios.post(this.introspectionEndpoint, { token: t }); const S2 = z.object({ active: z.literal(true), iss: z.literal(T) }); return S2.parse(data); } }`,
  ],
  [
    'm',
    'a.ts',
    'optional',
    `export async function f(t: string) { const r = await got.post(\`\${base}/oauth2/introspect\`, { form: { token: t } }).json(); if (!r?.active) return null; return { id: r.sub }; }`,
  ],
  [
    '-',
    'a.ts',
    'route',
    `app.post('/oauth2/introspect', async (req, res) => { const t = await store.find(req.body.token); res.json({ active: t.active, sub: t.sub }); });`,
  ],
  ['-', 'a.ts', 'mock', `nock('https://i').post('/oauth2/introspect').reply(200, { active: true, iss: 'x' });`],
  [
    '-',
    'a.ts',
    'proxy',
    `app.get('/x', async (req, res) => { const r = await fetch(introspectionUrl, { method: 'POST' }); res.json(await r.json()); });`,
  ],
  [
    'h',
    'a.ts',
    'then',
    `export const claimsOf = (t: string) => fetch('https://i/introspect', { method: 'POST', body: t }).then((r) => r.json());`,
  ],
  [
    'm',
    'a.ts',
    'then active',
    `export function claimsOf(t: string) { return fetch('https://i/introspect', { method: 'POST', body: t }).then((r) => r.json()).then((c) => { if (!c.active) throw new E(); return c; }); }`,
  ],
  [
    '-',
    'a.ts',
    'then iss',
    `export function claimsOf(t: string) { return fetch('https://i/introspect', { method: 'POST', body: t }).then((r) => r.json()).then((c) => { if (!c.active || c.iss !== ISS) throw new E(); return c; }); }`,
  ],
  [
    '-',
    'a.ts',
    'retry wrapper',
    `export async function f(t: string) { const c = await retry(async () => { const r = await fetch('https://i/introspect', { method: 'POST', body: t }); return r.json(); }); if (!c.active || c.iss !== ISS) throw new E(); return c; }`,
  ],
  [
    '-',
    'a.ts',
    'relative import',
    `import { introspect } from './introspect';\nexport async function f(t: string) { const c = await introspect(t); if (!c.active) throw new E(); return c.sub; }`,
  ],
  ['-', 'a.ts', 'own', `function introspect(o) { return Object.keys(o); }\nconst active = introspect(x).active;`],
  [
    'm',
    'a.ts',
    'openid-client',
    `import { Issuer } from 'openid-client';\nexport async function f(t: string) { const c = await client.introspect(t); if (!c.active) throw new E(); return c.sub; }`,
  ],
  [
    'h',
    'a.ts',
    'openid-client none',
    `import * as client from 'openid-client';\nexport async function f(t: string) { const c = await client.tokenIntrospection(config, t); return c.sub; }`,
  ],
  [
    '-',
    'a.ts',
    'oauth4webapi iss',
    `import * as oauth from 'oauth4webapi';\nexport async function f(t: string) { const res = await oauth.introspectionRequest(as, client, auth, t); const c = await oauth.processIntrospectionResponse(as, client, res); if (!c.active || c.iss !== as.issuer) throw new E(); return c.sub; }`,
  ],
  [
    '-',
    'a.ts',
    'graphql',
    `import { introspectionFromSchema } from 'graphql';\nexport const active = introspectionFromSchema(s).active;`,
  ],
  [
    'm',
    'a.py',
    'async',
    `import httpx\n\nclass A:\n    async def check(self, token):\n        async with httpx.AsyncClient() as c:\n            r = await c.post(self.introspection_endpoint, data={"token": token})\n        body = r.json()\n        if not body["active"]:\n            raise E()\n        return body["sub"]\n\n    async def other(self, body):\n        return body["iss"] == T\n`,
  ],
  [
    '-',
    'a.py',
    'async iss',
    `import httpx\n\nclass A:\n    async def check(self, token):\n        async with httpx.AsyncClient() as c:\n            r = await c.post(self.introspection_endpoint, data={"token": token})\n        body = r.json()\n        if not body["active"] or not self.good(body):\n            raise E()\n        return body["sub"]\n\n    def good(self, body):\n        return body["iss"] == T\n`,
  ],
  [
    'm',
    'a.py',
    'iss logged',
    `import requests\ndef f(t):\n    c = requests.post(URL + "/introspect", data={"token": t}).json()\n    logger.info("issuer %s", c["iss"])\n    if not c.get("active"):\n        return None\n    return c\n`,
  ],
  [
    'm',
    'a.py',
    'iss warn only',
    `import requests\ndef f(t):\n    c = requests.post(URL + "/introspect", data={"token": t}).json()\n    if c["iss"] != T:\n        logger.warning("foreign")\n    if not c.get("active"):\n        return None\n    return c\n`,
  ],
  [
    'm',
    'a.py',
    'is None',
    `import requests\ndef f(t):\n    c = requests.post(URL + "/introspect", data={"token": t}).json()\n    if c.get("iss") is None or not c.get("active"):\n        return None\n    return c\n`,
  ],
  [
    'm',
    'a.py',
    'in keys',
    `import requests\ndef f(t):\n    c = requests.post(URL + "/introspect", data={"token": t}).json()\n    if "iss" not in c or not c.get("active"):\n        return None\n    return c\n`,
  ],
  [
    '-',
    'a.py',
    'rstrip',
    `import requests\ndef f(t):\n    c = requests.post(URL + "/introspect", data={"token": t}).json()\n    if str(c.get("iss", "")).rstrip("/") not in settings.ISSUERS or not c.get("active"):\n        return None\n    return c\n`,
  ],
  [
    '-',
    'a.py',
    'keycloak iss',
    `from keycloak import KeycloakOpenID\ndef f(t):\n    c = kc.introspect(t)\n    assert c["active"] and c["iss"] == T\n    return c\n`,
  ],
  [
    'm',
    'a.py',
    'keycloak',
    `from keycloak import KeycloakOpenID\ndef f(t):\n    c = kc.introspect(t)\n    if not c["active"]:\n        raise E\n    return c\n`,
  ],
  [
    '-',
    'a.py',
    'match',
    `import requests\ndef f(t):\n    c = requests.post(URL + "/introspect", data={"token": t}).json()\n    if not c["active"]:\n        raise E\n    match c["iss"]:\n        case "https://a":\n            return c\n    raise E\n`,
  ],
  [
    '-',
    'a.py',
    'flask route',
    `@app.post("/oauth2/introspect")\ndef introspect():\n    t = db.get(request.form["token"])\n    return {"active": t.active, "sub": t.sub}\n`,
  ],
  [
    'm',
    'a.go',
    'newrequest',
    `package a\nfunc (s *S) Check(ctx context.Context, token string) (string, error) {\n\treq, err := http.NewRequestWithContext(ctx, http.MethodPost, s.introspectionURL, body)\n\tres, err := s.client.Do(req)\n\tvar out struct {\n\t\tActive bool \`json:"active"\`\n\t\tIss string \`json:"iss"\`\n\t\tSub string \`json:"sub"\`\n\t}\n\tif err := json.NewDecoder(res.Body).Decode(&out); err != nil {\n\t\treturn "", err\n\t}\n\tif !out.Active {\n\t\treturn "", ErrInactive\n\t}\n\treturn out.Sub, nil\n}`,
  ],
  [
    '-',
    'a.go',
    'contains',
    `package a\nfunc (s *S) Check(ctx context.Context, token string) (string, error) {\n\treq, err := http.NewRequestWithContext(ctx, http.MethodPost, s.introspectionURL, body)\n\tres, err := s.client.Do(req)\n\tvar out Answer\n\tjson.NewDecoder(res.Body).Decode(&out)\n\tif !out.Active || !slices.Contains(s.issuers, out.Iss) {\n\t\treturn "", ErrInactive\n\t}\n\treturn out.Sub, nil\n}`,
  ],
  [
    '-',
    'a.go',
    'map',
    `package a\nfunc Check(token string) (string, error) {\n\tres, err := http.PostForm(introspectURL, url.Values{"token": {token}})\n\tvar out map[string]any\n\tjson.NewDecoder(res.Body).Decode(&out)\n\tif iss, ok := out["iss"].(string); !ok || iss != trusted {\n\t\treturn "", ErrIssuer\n\t}\n\treturn out["sub"].(string), nil\n}`,
  ],
  [
    '-',
    'a.go',
    'renamed field',
    `package a\ntype answer struct {\n\tActive bool \`json:"active"\`\n\tSource string \`json:"iss"\`\n}\nfunc Check(token string) (string, error) {\n\tres, err := http.PostForm(introspectURL, url.Values{"token": {token}})\n\tvar out answer\n\tjson.NewDecoder(res.Body).Decode(&out)\n\tif !out.Active || out.Source != trusted {\n\t\treturn "", ErrIssuer\n\t}\n\treturn "x", nil\n}`,
  ],
  [
    '-',
    'a.go',
    'lookup',
    `package a\nfunc Check(token string) (string, error) {\n\tres, err := http.PostForm(introspectURL, url.Values{"token": {token}})\n\tvar out answer\n\tjson.NewDecoder(res.Body).Decode(&out)\n\tif _, ok := trusted[out.Issuer]; !ok || !out.Active {\n\t\treturn "", ErrIssuer\n\t}\n\treturn "x", nil\n}`,
  ],
  [
    'm',
    'a.go',
    'log only',
    `package a\nfunc Check(token string) (string, error) {\n\tres, err := http.PostForm(introspectURL, url.Values{"token": {token}})\n\tvar out answer\n\tjson.NewDecoder(res.Body).Decode(&out)\n\tif out.Issuer != trusted {\n\t\tlog.Printf("foreign issuer %s", out.Issuer)\n\t}\n\tif !out.Active {\n\t\treturn "", ErrIssuer\n\t}\n\treturn "x", nil\n}`,
  ],
  [
    'm',
    'a.go',
    'ory',
    `package a\nimport "github.com/ory/client-go"\nfunc Check(token string) (string, error) {\n\tout, _, err := c.OAuth2API.IntrospectOAuth2Token(ctx).Token(token).Execute()\n\tif err != nil || !out.Active {\n\t\treturn "", err\n\t}\n\treturn *out.Sub, nil\n}`,
  ],
  [
    'm',
    'A.java',
    'httpclient',
    `class A { Map<String,Object> check(String token) throws IOException { HttpRequest r = HttpRequest.newBuilder(URI.create(introspectionUri)).POST(body).build(); Map<String,Object> c = mapper.readValue(client.send(r, h).body(), Map.class); if (!(Boolean) c.get("active")) throw new E(); return c; } }`,
  ],
  [
    '-',
    'A.java',
    'httpclient iss',
    `class A { Map<String,Object> check(String token) throws IOException { HttpRequest r = HttpRequest.newBuilder(URI.create(introspectionUri)).POST(body).build(); Map<String,Object> c = mapper.readValue(client.send(r, h).body(), Map.class); String issuer = (String) c.get("iss"); if (!(Boolean) c.get("active") || !issuer.equals(trusted)) throw new E(); return c; } }`,
  ],
  [
    '-',
    'A.java',
    'json node',
    `class A { JsonNode check(String token) { JsonNode c = rest.postForObject(introspectUrl, form, JsonNode.class); if (!c.path("active").asBoolean() || !trusted.contains(c.path("iss").asText())) throw new E(); return c; } }`,
  ],
  [
    '-',
    'A.java',
    'method',
    `class A { JsonNode check(String token) { JsonNode c = rest.postForObject(introspectUrl, form, JsonNode.class); if (!isTrusted(c)) throw new E(); return c; }\n private boolean isTrusted(JsonNode c) { return trusted.equals(c.get("iss").asText()); } }`,
  ],
  [
    '-',
    'A.java',
    'beans',
    `import java.beans.Introspector;\nclass A { Object f(Object o) { return Introspector.getBeanInfo(o.getClass()).getActive(); } }`,
  ],
  [
    'm',
    'A.kt',
    'kotlin',
    `class A(private val http: RestTemplate) { fun check(token: String): String { val c = http.postForObject(introspectionUri, form, Map::class.java)!!\n if (c["active"] != true) throw E()\n return c["sub"] as String } }`,
  ],
  [
    '-',
    'A.kt',
    'kotlin iss',
    `class A(private val http: RestTemplate) { fun check(token: String): String { val c = http.postForObject(introspectionUri, form, Map::class.java)!!\n if (c["active"] != true || c["iss"] !in trusted) throw E()\n return c["sub"] as String } }`,
  ],
  [
    '-',
    'A.kt',
    'kotlin when',
    `class A(private val http: RestTemplate) { fun check(token: String): String { val c = http.postForObject(introspectionUri, form, Map::class.java)!!\n when (c["iss"]) { trusted -> {} else -> throw E() }\n return c["sub"] as String } }`,
  ],
  [
    '-',
    'a.js',
    'ternary',
    `exports.f = async (t) => { const r = await fetch('https://i/introspect', { method: 'POST', body: t }); const c = await r.json(); return c.active && c.iss === T ? c : undefined; };`,
  ],
  [
    '-',
    'a.js',
    'URL',
    `exports.f = async (t) => { const r = await fetch('https://i/introspect', { method: 'POST', body: t }); const c = await r.json(); if (!c.active || new URL(c.iss).origin !== T) throw new E(); return c; };`,
  ],
  [
    'm',
    'a.js',
    'other issuer',
    `exports.f = async (t) => { if (config.issuer !== 'https://x') throw new E(); const r = await fetch('https://i/introspect', { method: 'POST', body: t }); const c = await r.json(); if (!c.active) throw new E(); return c; };`,
  ],
  [
    '-',
    'a.js',
    'assert',
    `exports.f = async (t) => { const r = await fetch('https://i/introspect', { method: 'POST', body: t }); const c = await r.json(); assert(c.active); assert.strictEqual(c.iss, T); return c; };`,
  ],
  [
    '-',
    'a.js',
    'imported check',
    `const { assertIssuer } = require('./issuer');\nexports.f = async (t) => { const r = await fetch('https://i/introspect', { method: 'POST', body: t }); const c = await r.json(); if (!c.active) throw new E(); assertIssuer(c); return c; };`,
  ],
];

for (const [want, file, name, text] of CASES)
  test(`introspection, ${file}: ${name}`, () => {
    const found = codeFindings(file, text).filter(({ code }) => code === 'code.introspection-without-issuer');
    assert.equal(found.map(({ severity }) => severity[0]).join('') || '-', want);
  });
