// Where the issuer of an introspected token is compared, and where it only looks so: helpers, callers, lookups, presence.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeFindings } from './analyse.ts';

/** `m` and `h` for one finding of that severity, `-` for none. */
const CASES: readonly (readonly [want: string, file: string, name: string, text: string])[] = [
  [
    '-',
    'a.ts',
    'class method caller',
    `export class Auth {\n  constructor(private readonly http: Http) {}\n  private async introspect(token: string): Promise<Claims> {\n    const { data } = await this.http.post('/oauth2/introspect', { token });\n    return data;\n  }\n  async validate(token: string): Promise<User> {\n    const claims = await this.introspect(token);\n    if (!claims.active || !this.issuers.has(claims.iss)) throw new UnauthorizedException();\n    return { id: claims.sub };\n  }\n}`,
  ],
  [
    'm',
    'a.ts',
    'class method caller no iss',
    `export class Auth {\n  constructor(private readonly http: Http) {}\n  private async introspect(token: string): Promise<Claims> {\n    const { data } = await this.http.post('/oauth2/introspect', { token });\n    return data;\n  }\n  async validate(token: string): Promise<User> {\n    const claims = await this.introspect(token);\n    if (!claims.active || claims.aud !== 'shop') throw new UnauthorizedException();\n    return { id: claims.sub };\n  }\n}`,
  ],
  [
    '-',
    'a.py',
    'self',
    `import requests\n\nclass V:\n    def _introspect(self, token):\n        return requests.post(self.url, data={"token": token}).json()\n\n    def validate(self, token):\n        c = self._introspect(token)\n        if not c.get("active") or c.get("iss") not in self.issuers:\n            raise E\n        return c\n`,
  ],
  [
    'm',
    'a.py',
    'self no',
    `import requests\n\nclass V:\n    def _introspect(self, token):\n        return requests.post(self.url, data={"token": token}).json()\n\n    def validate(self, token):\n        c = self._introspect(token)\n        if not c.get("active"):\n            raise E\n        return c\n`,
  ],
  [
    'm',
    'a.py',
    'iss truthy',
    `import requests\n\ndef f(token):\n    c = requests.post("https://i/introspect", data={"token": token}).json()\n    if not c.get("active") or not c.get("iss"):\n        raise E\n    return c\n`,
  ],
  [
    '-',
    'a.py',
    'walrus/any',
    `import requests\n\ndef f(token):\n    c = requests.post("https://i/introspect", data={"token": token}).json()\n    if not c.get("active") or not any(c["iss"] == t for t in TRUSTED):\n        raise E\n    return c\n`,
  ],
  [
    '-',
    'a.py',
    'dict lookup',
    `import requests\n\ndef f(token):\n    c = requests.post("https://i/introspect", data={"token": token}).json()\n    tenant = TENANTS.get(c["iss"])\n    if not c.get("active") or tenant is None:\n        raise E\n    return c\n`,
  ],
  [
    '-',
    'a.py',
    'decorator helper',
    `import requests\n\ndef trusted(iss):\n    return iss in TRUSTED\n\ndef f(token):\n    c = requests.post("https://i/introspect", data={"token": token}).json()\n    if not c.get("active") or not trusted(c["iss"]):\n        raise E\n    return c\n`,
  ],
  [
    'm',
    'a.py',
    'helper does nothing',
    `import requests\n\ndef trusted(iss):\n    return True\n\ndef f(token):\n    c = requests.post("https://i/introspect", data={"token": token}).json()\n    if not c.get("active") or not trusted(c["iss"]):\n        raise E\n    return c\n`,
  ],
  [
    '-',
    'a.py',
    'aiohttp',
    `import aiohttp\n\nasync def f(token):\n    async with aiohttp.ClientSession() as s:\n        async with s.post(settings.INTROSPECTION_URL, data={"token": token}) as r:\n            c = await r.json()\n    issuer = c.get("iss")\n    if not c.get("active"):\n        raise E\n    if issuer != settings.ISSUER:\n        raise E\n    return c\n`,
  ],
  [
    'm',
    'a.py',
    'urllib',
    `import urllib.request, json\n\ndef f(token):\n    req = urllib.request.Request("https://i/introspect", data=b"token=" + token)\n    with urllib.request.urlopen(req) as r:\n        c = json.load(r)\n    if c["active"]:\n        return c["sub"]\n`,
  ],
  [
    'h',
    'a.go',
    'unmarshal',
    `package a\nfunc Claims(token string) (map[string]any, error) {\n\tres, err := http.PostForm("https://i/introspect", url.Values{"token": {token}})\n\tif err != nil {\n\t\treturn nil, err\n\t}\n\tb, _ := io.ReadAll(res.Body)\n\tvar c map[string]any\n\tif err := json.Unmarshal(b, &c); err != nil {\n\t\treturn nil, err\n\t}\n\treturn c, nil\n}`,
  ],
  [
    '-',
    'a.go',
    'method check',
    `package a\nfunc (c *claims) valid() bool {\n\treturn c.Active && c.Issuer == trusted\n}\nfunc Claims(token string) (*claims, error) {\n\tres, err := http.PostForm("https://i/introspect", url.Values{"token": {token}})\n\tvar c claims\n\tif err := json.NewDecoder(res.Body).Decode(&c); err != nil {\n\t\treturn nil, err\n\t}\n\tif !c.valid() {\n\t\treturn nil, errBad\n\t}\n\treturn &c, nil\n}`,
  ],
  [
    'm',
    'a.go',
    'empty issuer',
    `package a\nfunc Claims(token string) (*claims, error) {\n\tres, err := http.PostForm("https://i/introspect", url.Values{"token": {token}})\n\tvar c claims\n\tif err := json.NewDecoder(res.Body).Decode(&c); err != nil {\n\t\treturn nil, err\n\t}\n\tif !c.Active || c.Issuer == "" {\n\t\treturn nil, errBad\n\t}\n\treturn &c, nil\n}`,
  ],
  [
    '-',
    'a.go',
    'prefix',
    `package a\nfunc Claims(token string) (*claims, error) {\n\tres, err := http.PostForm("https://i/introspect", url.Values{"token": {token}})\n\tvar c claims\n\tjson.NewDecoder(res.Body).Decode(&c)\n\tif !c.Active || strings.TrimSuffix(c.Issuer, "/") != trusted {\n\t\treturn nil, errBad\n\t}\n\treturn &c, nil\n}`,
  ],
  [
    '-',
    'a.go',
    'k8s other',
    `package a\nfunc Introspect(v reflect.Value) string { return v.Type().String() }\nfunc use() { x := Introspect(v); if s.Active { print(x) } }`,
  ],
  [
    '-',
    'A.java',
    'record',
    `record Claims(@JsonProperty("active") boolean active, @JsonProperty("iss") String issuer) {}\nclass A { Claims check(String token) { Claims c = restClient.post().uri(introspectionUri).body(form).retrieve().body(Claims.class); if (!c.active() || !trusted.equals(c.issuer())) throw new E(); return c; } }`,
  ],
  [
    'm',
    'A.java',
    'record no iss',
    `record Claims(@JsonProperty("active") boolean active, @JsonProperty("iss") String issuer) {}\nclass A { Claims check(String token) { Claims c = restClient.post().uri(introspectionUri).body(form).retrieve().body(Claims.class); if (!c.active()) throw new E(); return c; } }`,
  ],
  [
    '-',
    'A.java',
    'nimbus',
    `import com.nimbusds.oauth2.sdk.*;\nclass A { String check(String token) { HTTPResponse r = new TokenIntrospectionRequest(introspectionEndpoint, auth, t).toHTTPRequest().send(); TokenIntrospectionSuccessResponse c = TokenIntrospectionResponse.parse(r).toSuccessResponse(); if (!c.isActive() || !trusted.equals(c.getIssuer())) throw new E(); return c.getSubject().getValue(); } }`,
  ],
  [
    'm',
    'A.java',
    'nimbus no',
    `import com.nimbusds.oauth2.sdk.*;\nclass A { String check(String token) { HTTPResponse r = new TokenIntrospectionRequest(introspectionEndpoint, auth, t).toHTTPRequest().send(); TokenIntrospectionSuccessResponse c = TokenIntrospectionResponse.parse(r).toSuccessResponse(); if (!c.isActive()) throw new E(); return c.getSubject().getValue(); } }`,
  ],
  [
    'm',
    'A.java',
    'logged',
    `class A { Map<?,?> check(String token) { Map<?,?> c = rest.postForObject(introspectUrl, form, Map.class); log.info("issuer {}", c.get("iss")); if (!Boolean.TRUE.equals(c.get("active"))) throw new E(); return c; } }`,
  ],
  [
    'm',
    'A.java',
    'containsKey',
    `class A { Map<?,?> check(String token) { Map<?,?> c = rest.postForObject(introspectUrl, form, Map.class); if (!c.containsKey("iss") || !Boolean.TRUE.equals(c.get("active"))) throw new E(); return c; } }`,
  ],
  [
    'm',
    'A.java',
    'null',
    `class A { Map<?,?> check(String token) { Map<?,?> c = rest.postForObject(introspectUrl, form, Map.class); if (c.get("iss") == null || !Boolean.TRUE.equals(c.get("active"))) throw new E(); return c; } }`,
  ],
  [
    '-',
    'A.kt',
    'ktor',
    `class A(val client: HttpClient) { suspend fun check(token: String): Claims { val c: Claims = client.submitForm(introspectionUrl, parameters { append("token", token) }).body()\n require(c.active && c.iss == trusted) { "no" }\n return c } }`,
  ],
  [
    'm',
    'A.kt',
    'ktor no',
    `class A(val client: HttpClient) { suspend fun check(token: String): Claims { val c: Claims = client.submitForm(introspectionUrl, parameters { append("token", token) }).body()\n require(c.active) { "no" }\n return c } }`,
  ],
  [
    'm',
    'a.js',
    'typeof',
    `async function f(t) { const c = await (await fetch('https://i/introspect', { method: 'POST', body: t })).json(); if (!c.active || typeof c.iss !== 'string') throw new E(); return c; }`,
  ],
  [
    'm',
    'a.js',
    'https only',
    `async function f(t) { const c = await (await fetch('https://i/introspect', { method: 'POST', body: t })).json(); if (!c.active || !c.iss.startsWith('https://')) throw new E(); return c; }`,
  ],
  [
    '-',
    'a.js',
    'regex',
    `async function f(t) { const c = await (await fetch('https://i/introspect', { method: 'POST', body: t })).json(); if (!c.active || !/^https:\\/\\/id\\.example\\.com$/.test(c.iss)) throw new E(); return c; }`,
  ],
  [
    '-',
    'a.js',
    'some',
    `async function f(t) { const c = await (await fetch('https://i/introspect', { method: 'POST', body: t })).json(); if (!c.active || !TRUSTED.some((x) => x === c.iss)) throw new E(); return c; }`,
  ],
  [
    '-',
    'a.js',
    'params destructured',
    `const ok = ({ active, iss }) => active && iss === T;\nasync function f(t) { const c = await (await fetch('https://i/introspect', { method: 'POST', body: t })).json(); if (!ok(c)) throw new E(); return c; }`,
  ],
  [
    'm',
    'a.js',
    'two functions',
    `async function f(t) { const c = await (await fetch('https://i/introspect', { method: 'POST', body: t })).json(); if (!c.active || c.iss !== T) throw new E(); return c; }\nasync function g(t) { const c = await (await fetch('https://i/introspect', { method: 'POST', body: t })).json(); if (!c.active) throw new E(); return c; }`,
  ],
  [
    'm',
    'a.js',
    'handlers',
    `module.exports = (app) => {\n app.use(async (req, res, next) => { const r = await axios.post(INTROSPECT_URL, form); if (!r.data.active) return res.sendStatus(401); next(); });\n app.get('/x', (req, res) => { if (req.body.iss === T) res.end(); });\n};`,
  ],
  [
    'm',
    'a.js',
    'template message',
    'async function f(t) { const c = await (await fetch(`${ISSUER}/introspect`, { method: "POST", body: t })).json(); if (!c.active) throw new E(`token of ${c.iss} refused`); return c; }',
  ],
  [
    'm',
    'a.js',
    'request form',
    `const request = require('request');\nmodule.exports = (t, cb) => request.post({ url: process.env.INTROSPECTION_URL, form: { token: t } }, (e, r, body) => { const c = JSON.parse(body); cb(c.active ? null : new E(), c); });`,
  ],
  [
    'm',
    'a.js',
    'assigned to user',
    `exports.mw = async (req, res, next) => { const r = await axios.post(INTROSPECT_URL, form); if (!r.data.active) return res.sendStatus(401); req.user = { id: r.data.sub, iss: r.data.iss }; next(); };`,
  ],
  [
    '-',
    'a.js',
    'optional chaining',
    `exports.mw = async (req, res, next) => { const r = await axios.post(INTROSPECT_URL, form); if (r.data?.active !== true || r.data?.iss !== T) return res.sendStatus(401); next(); };`,
  ],
  [
    '-',
    'a.js',
    'new RegExp',
    `exports.mw = async (req, res, next) => { const { data } = await axios({ method: 'post', url: INTROSPECT_URL, data: form }); if (!data.active || ISSUERS.indexOf(data.iss) < 0) return res.sendStatus(401); next(); };`,
  ],
  [
    'm',
    'a.js',
    'axios()',
    `exports.mw = async (req, res, next) => { const { data } = await axios({ method: 'post', url: INTROSPECT_URL, data: form }); if (!data.active) return res.sendStatus(401); next(); };`,
  ],
  [
    'm',
    'a.js',
    'njs',
    `function introspectAccessToken(r) { r.subrequest("/introspect", function (reply) { var a = JSON.parse(reply.responseText); if (a.active === true) { r.return(204); } else { r.return(403); } }); }`,
  ],
  [
    'm',
    'a.py',
    'authlib',
    `from authlib.oauth2.rfc7662 import IntrospectTokenValidator\nimport requests\n\nclass V(IntrospectTokenValidator):\n    def introspect_token(self, token_string):\n        r = requests.post("https://i/oauth2/introspect", data={"token": token_string})\n        return r.json()\n`,
  ],
];

for (const [want, file, name, text] of CASES)
  test(`introspection, ${file}: ${name}`, () => {
    const found = codeFindings(file, text).filter(({ code }) => code === 'code.introspection-without-issuer');
    assert.equal(found.map(({ severity }) => severity[0]).join('') || '-', want);
  });
