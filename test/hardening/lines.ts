// The 67 ways in which HTTP and TLS data planes went wrong, and the tests that show what happens here. `lines.test.ts` holds the table to the files;
// docs/reference/hardening.md is made from it.

interface Shown {
  readonly file: string;
  /** Names of tests, groups or suites as they stand in the file, templates unfilled. */
  readonly names: readonly string[];
}

export interface HardeningLine {
  readonly line: number;
  /** What is expected here. */
  readonly expected: string;
  readonly shown: readonly Shown[];
  /** There is no such feature yet; the tests show that nothing poses as one. */
  readonly notServed?: true;
}

export const AREAS: readonly (readonly [area: string, title: string, from: number, to: number])[] = [
  ['A', 'Framing and smuggling', 1, 16],
  ['B', 'Target, host and path', 17, 24],
  ['C', 'Header trust', 25, 31],
  ['D', 'Tokens and logins', 32, 43],
  ['E', 'Mutual TLS and the mesh', 44, 54],
  ['F', 'Denial of service', 55, 63],
  ['G', 'Composition', 64, 67],
];

const inFile = (file: string, ...names: string[]): Shown => ({ file, names });
const suite = (name: string): Shown => inFile(`test/conformance/suites/${name}.ts`, name);
const framing = (line: string): Shown => inFile('test/hardening/framing.test.ts', line);
const REFUSED = framing('proxy-hardening ${line}: refused and closed at the ${way}');
const TARGET = inFile(
  'test/hardening/target.test.ts',
  'proxy-hardening ${line}: one target, judged and forwarded, in both versions',
);
const headers = (...names: string[]): Shown =>
  inFile('test/hardening/headers.test.ts', ...names.map((name) => `proxy-hardening ${name}`));
const upstream = (...names: string[]): Shown =>
  inFile('test/hardening/upstream.test.ts', ...names.map((name) => `proxy-hardening ${name}`));
const bounds = (...names: string[]): Shown =>
  inFile('test/hardening/bounds.test.ts', ...names.map((name) => `proxy-hardening ${name}`));
const enforced = (name: string): Shown => inFile('test/hardening/enforced.test.ts', `proxy-hardening ${name}`);
const notServed = (...names: string[]): Shown =>
  inFile('test/hardening/not-served.test.ts', ...names.map((name) => `proxy-hardening ${name}`));
const JWS = inFile('src/pki/jws.test.ts', 'proxy-hardening ${line}: ${title} is refused');
const FLOODS = inFile(
  'test/e2e/floods.test.ts',
  'proxy-hardening 55, 56: ${kind} ends its connections or is held in bounds, and others are served',
);

export const LINES: readonly HardeningLine[] = [
  {
    line: 1,
    expected: 'Content-Length together with Transfer-Encoding: 400, closed',
    shown: [REFUSED, suite('smuggler'), suite('two-hop')],
  },
  { line: 2, expected: 'more than one Content-Length, equal or not: 400', shown: [REFUSED] },
  { line: 3, expected: 'a length that is not one plain decimal number: 400', shown: [REFUSED, suite('h11probe')] },
  { line: 4, expected: 'any Transfer-Encoding but exactly `chunked`: 400 or 501, closed', shown: [REFUSED, suite('smuggler')] },
  { line: 5, expected: 'Transfer-Encoding in HTTP/1.0: 400', shown: [REFUSED] },
  { line: 6, expected: 'a bare LF or CR anywhere, chunk framing and trailers too: 400', shown: [REFUSED, suite('h11probe')] },
  { line: 7, expected: 'a folded header line: 400', shown: [REFUSED] },
  { line: 8, expected: 'space before the colon, a name that is empty or no token, control bytes: 400', shown: [REFUSED] },
  {
    line: 9,
    expected:
      'chunk sizes that are not plain hexadecimal or too large, chunks that do not end where they should, extensions that are malformed or together over 4 KiB: 400',
    shown: [REFUSED, inFile('src/wire/http1/body.test.ts', 'chunked bodies')],
  },
  {
    line: 10,
    expected: 'trailers go on only where announced and taken, and never those that frame, route or prove',
    shown: [framing('proxy-hardening 10: trailers that frame, route or prove something do not go on')],
  },
  {
    line: 11,
    expected: 'behind an error nothing is answered and nothing forwarded',
    shown: [REFUSED, framing('proxy-hardening 11: of what is sent behind an error nothing is answered, nor forwarded')],
  },
  {
    line: 12,
    expected: 'a body on GET, DELETE or OPTIONS goes on framed; on TRACE 400',
    shown: [REFUSED, framing('proxy-hardening 12: a body on GET and DELETE goes on framed, and what is in it is no request')],
  },
  {
    line: 13,
    expected:
      'more than eight interim answers: 502; an early answer, bytes behind one, or `Connection: close` end the connection to the application',
    shown: [
      upstream(
        '13: a flood of interim answers is 502',
        '13: an answer before the request is all there ends the connection to the application',
        '13: bytes behind an answer, and `Connection: close`, end the connection',
        '13: an answer to HEAD that has a body, and 204 with one, poison nothing',
      ),
      inFile('src/proxy/hostile-upstream.test.ts', 'a hostile destination'),
    ],
  },
  {
    line: 14,
    expected: 'an answer whose framing is in doubt: 502, and its connection ends',
    shown: [
      upstream(
        '14: an answer with ${title} is 502, and the connection ends',
        '14: a chunk that is malformed cuts the answer, it does not end it',
      ),
    ],
  },
  {
    line: 15,
    expected:
      'HTTP/2 that HTTP/1 could read otherwise (line breaks, a length that differs from DATA, doubled pseudo-headers, a path without slash): reset or 400',
    shown: [
      inFile('src/wire/http2/server.test.ts', 'refused requests', 'bodies that break their rules'),
      inFile(
        'test/fuzz/http2.test.ts',
        'what goes on to an HTTP/1 destination has one meaning: no field breaks its line, no body ends early',
      ),
      suite('two-hop'),
    ],
  },
  {
    line: 16,
    expected:
      'a tunnel only by a whole WebSocket handshake that the application proves; h2c upgrades are ordinary requests; CONNECT is refused',
    shown: [
      REFUSED,
      framing('proxy-hardening 16: no tunnel by a WebSocket handshake with ${title}'),
      framing('proxy-hardening 16: an upgrade to HTTP/2 in plaintext is an ordinary request, and its fields do not go on'),
      inFile(
        'src/proxy/websocket.test.ts',
        'an application that proves nothing gets no tunnel',
        'an answer of ${name} to a WebSocket of HTTP/2 opens no tunnel',
      ),
    ],
  },
  {
    line: 17,
    expected: 'the target is normalised once; the same text is judged and forwarded',
    shown: [
      TARGET,
      suite('istio-normalization'),
      suite('istio-normalization-live'),
      inFile(
        'src/plan/normalise.test.ts',
        'each mode turns a target into the one that is judged and forwarded',
        'normalising twice gives what normalising once gave',
      ),
    ],
  },
  { line: 18, expected: '`%00` and other escaped control bytes in the path: 400', shown: [TARGET] },
  {
    line: 19,
    expected:
      'dot segments and `\\` resolved before policy; double encoding, overlong UTF-8 and `;` parameters unchanged; fragments, non-ASCII, user information, `*` with GET, a Host that differs or is doubled: 400',
    shown: [
      TARGET,
      inFile(
        'test/hardening/target.test.ts',
        'proxy-hardening 19: an absolute target and Host must agree, and nothing but a host may stand in either',
      ),
    ],
  },
  {
    line: 20,
    expected: 'prefixes are replaced after authorization, and the result is normalised again',
    shown: [
      TARGET,
      inFile('src/proxy/route.test.ts', 'a rewritten request is judged as it came at the gateway, and as it goes at the sidecar'),
    ],
  },
  {
    line: 21,
    expected:
      'a host is the same in any case and with the root’s dot, to policy, routes and the application; a port counts only where a policy names one, as in Istio',
    shown: [
      inFile(
        'test/hardening/target.test.ts',
        'proxy-hardening 21: a host is the same host in any case, with the root’s dot, and without its port where routes are chosen',
      ),
    ],
  },
  {
    line: 22,
    expected: 'a request over a connection that was made to another listener: 421',
    shown: [
      inFile(
        'src/proxy/gateway-tls.test.ts',
        'proxy-hardening 22, 23: a connection that is reused for another listener’s host is misdirected there, request by request, in HTTP/2 too',
      ),
    ],
  },
  {
    line: 23,
    expected: 'each request of a shared HTTP/2 connection is judged by itself',
    shown: [
      inFile('src/proxy/http2.test.ts', 'policy judges every stream of a connection by itself'),
      inFile(
        'src/proxy/gateway-tls.test.ts',
        'proxy-hardening 22, 23: a connection that is reused for another listener’s host is misdirected there, request by request, in HTTP/2 too',
      ),
    ],
  },
  {
    line: 24,
    expected: 'a method that is no upper-case word: 400; headers that override it end where policy is enforced',
    shown: [
      inFile(
        'test/hardening/target.test.ts',
        'proxy-hardening 24: a method is an upper-case word, and what overrides it is only a header',
      ),
    ],
  },
  {
    line: 25,
    expected:
      'forwarding and identity headers of strangers are dropped and written anew; with N trusted proxies the Nth address from the right is the client',
    shown: [
      headers(
        '25: what a stranger says of itself ends at the gateway, in both versions',
        '25: behind ${proxies} trusted proxies `${sent}` comes from ${ip}',
      ),
      inFile('src/proxy/request.test.ts', 'forged headers do not pass: ${way}'),
    ],
  },
  {
    line: 26,
    expected: 'so are their spellings with `_`, `.` or other case',
    shown: [
      headers('26: nor under another spelling that an application would read as the same'),
      inFile('src/proxy/parts.test.ts', 'header ${name}: ${rule}'),
    ],
  },
  {
    line: 27,
    expected: '`Connection` takes away no managed or security header; hop-by-hop headers end here',
    shown: [headers('27: Connection takes no managed header away, whatever its case, and each hop-by-hop header ends here')],
  },
  {
    line: 28,
    expected: 'of a repeated or listed header DENY matches any part or the whole, ALLOW the whole only',
    shown: [
      headers('28: of a repeated or listed header DENY sees each part and the whole, ALLOW the whole only'),
      inFile('src/policy/headers.test.ts', 'a header condition holds for the joined value, and for DENY for any of its parts'),
    ],
  },
  {
    line: 29,
    expected: 'bytes above ASCII are matched as latin1, never skipped',
    shown: [
      headers('29: bytes above ASCII are matched as they are, never skipped'),
      inFile('src/policy/headers.test.ts', 'bytes beyond ASCII never make a matcher skip'),
    ],
  },
  {
    line: 30,
    expected:
      'answers hide what runs inside; over HTTPS security headers are added where the application has none, each once; nothing injects a line',
    shown: [
      enforced('30: a manifest cannot write a line break into a header'),
      headers(
        '30: what software runs inside stays inside',
        '30: nothing that a request or a token says can begin another line',
        '30: security headers over HTTPS, each once: ${title}',
        '30: over plaintext HSTS would be noise, and nothing is added',
      ),
    ],
  },
  {
    line: 31,
    expected:
      'no session is given out and none that a client brings is believed; the cookie of a consistent hash holds nothing but chance',
    shown: [
      headers('31: no session is given out here, and none that a client brings is believed'),
      inFile('src/proxy/traffic.test.ts', 'a hash by cookie gives a client without it one, and keeps to it'),
      inFile('src/proxy/parts.test.ts', 'session ids are keyed, stable and tell subjects from cookies'),
    ],
  },
  {
    line: 32,
    expected:
      '`none` in any case, an algorithm that is not the key’s, malformed ECDSA, `crit`, `b64`, `zip`, nested JWE: refused',
    shown: [
      JWS,
      suite('wycheproof-jws'),
      inFile('src/authn/request-authentication.test.ts', 'proxy-hardening 32: symmetric keys count only when they are inline'),
    ],
  },
  {
    line: 33,
    expected: 'pointers to keys in the header are not followed',
    shown: [inFile('src/pki/jws.test.ts', 'proxy-hardening 33: pointers to keys in the header are not followed')],
  },
  {
    line: 34,
    expected: '`kid` is only compared; an unknown one asks for the keys once in 30 s, all requests together',
    shown: [
      JWS,
      inFile('src/pki/jws.test.ts', 'proxy-hardening 34: without kid all fitting keys are tried, with a duplicate kid both'),
      inFile(
        'src/authn/jwks.test.ts',
        'proxy-hardening 34: an unknown kid asks again at most once in 30 s',
        'many requests at once share one fetch',
      ),
    ],
  },
  {
    line: 35,
    expected:
      'keys over https or allowed addresses, no redirects, one resolution, no private addresses, 5 s, 1 MiB, stale for ten minutes; failure refuses',
    shown: [
      inFile(
        'src/authn/jwks.test.ts',
        'proxy-hardening 35: ${title} is 401, never open',
        'proxy-hardening 35: stale keys serve while the source is down, for ten minutes and no longer',
      ),
      inFile(
        'src/connect/fetch.test.ts',
        'proxy-hardening 35: ${title} is not fetched',
        'proxy-hardening 35: a redirect is not followed',
        'proxy-hardening 35: a name is resolved once, and the connection goes to what was judged',
      ),
    ],
  },
  {
    line: 36,
    expected: 'times are finite numbers with at most 60 s of skew, issuer and audience exact',
    shown: [
      inFile(
        'src/authn/request-authentication.test.ts',
        'proxy-hardening 36: ${title}',
        'proxy-hardening 36: a payload with iss twice is refused, whichever would fit',
      ),
    ],
  },
  {
    line: 37,
    expected: 'two tokens or two Authorization headers: 401; tokens in the query only where a rule says so',
    shown: [inFile('src/authn/request-authentication.test.ts', 'proxy-hardening 37: ${title}')],
  },
  {
    line: 38,
    expected: 'strict base64url',
    shown: [
      inFile(
        'src/authn/request-authentication.test.ts',
        'proxy-hardening 38: strict base64url, also where a lenient reader would see the same token',
      ),
    ],
  },
  {
    line: 39,
    expected: 'a token of more than 8 KiB is refused unread; nothing compressed is opened',
    shown: [
      inFile('src/authn/request-authentication.test.ts', 'proxy-hardening 39: a token of more than 8 KiB is refused unread'),
      JWS,
    ],
  },
  {
    line: 40,
    expected: 'a remembered verdict ends with its key, its token and within a minute',
    shown: [
      inFile('src/authn/jwks.test.ts', 'proxy-hardening 40: a verdict falls when its key is withdrawn'),
      inFile(
        'src/authn/request-authentication.test.ts',
        'a cached verdict ends with the token, within a minute, and is the token’s alone',
      ),
    ],
  },
  {
    line: 41,
    notServed: true,
    expected: 'logins (OpenID Connect): a route that demands one is closed; no path starts one, no cookie is one',
    shown: [
      notServed(
        '41, 64: a route for which a login is demanded is closed and says so, never open',
        '41: nobody is sent to a login, and no path is one',
      ),
    ],
  },
  {
    line: 42,
    notServed: true,
    expected: 'introspection: an opaque token is refused',
    shown: [notServed('42: an opaque token is no token: nobody is asked about it, and it is refused')],
  },
  {
    line: 43,
    notServed: true,
    expected: 'API keys: they prove nothing; a route that demands one is closed',
    shown: [notServed('43: an API key proves nothing, and a route that demands one is closed')],
  },
  {
    line: 44,
    expected: 'plaintext to a STRICT port: reset',
    shown: [inFile('src/proxy/mtls.test.ts', 'proxy-hardening 44: STRICT resets plaintext and says why')],
  },
  {
    line: 45,
    expected:
      'certificates of another trust domain, out of date, self-signed, of a CA, without the usage, with none or two identities, or with a malformed one: refused',
    shown: [
      inFile('src/pki/verify.test.ts', 'proxy-hardening 45: ${title} is refused'),
      inFile(
        'src/proxy/peer-identity.test.ts',
        'proxy-hardening 45: a client certificate ${title} is refused, and the journal says why',
        'proxy-hardening 45: a server certificate ${title} is refused',
        'proxy-hardening 45: a client needs clientAuth, a server needs serverAuth',
      ),
      suite('spiffe-x509svid'),
    ],
  },
  {
    line: 46,
    expected: 'handshakes are never resumed, and there is no early data',
    shown: [
      inFile(
        'src/wire/tls/tls.test.ts',
        'proxy-hardening 46: is never resumed, so that every connection is judged (client certificate ${clientCertificate})',
      ),
    ],
  },
  {
    line: 47,
    expected: 'a client demands the exact identity of the server',
    shown: [
      inFile(
        'src/proxy/peer-identity.test.ts',
        'proxy-hardening 47: each endpoint must prove the identity that is its own, not one of its neighbours',
      ),
    ],
  },
  {
    line: 48,
    expected: 'certificates overlap, a root goes in phases, and no request is lost; what is revoked is refused',
    shown: [
      inFile('src/pki/trust-bundle.test.ts', 'proxy-hardening 48: a root is rotated in phases, and at no step does a link break'),
      inFile(
        'test/e2e/trust.test.ts',
        'ten rotations of every certificate lose no request, and each new serial is soon in use',
        'the root is replaced in three phases, and no request is lost',
      ),
    ],
  },
  {
    line: 49,
    expected:
      'the identity of a certificate comes from the authenticated channel; a request that names another, or two, is refused',
    shown: [
      inFile('src/pki/csr.test.ts', 'proxy-hardening 49: a request with ${title} is refused'),
      inFile('src/pki/ca.test.ts', 'proxy-hardening 49: a request that ${title} is refused'),
      inFile(
        'src/control/control.test.ts',
        'certificates of identities that are not in the plan are refused, and that is on record',
      ),
    ],
  },
  {
    line: 50,
    expected: 'X-Forwarded-Client-Cert is believed of a verified peer only, and written anew',
    shown: [
      inFile(
        'src/proxy/client-cert.test.ts',
        'proxy-hardening 50: a peer of the mesh is named, behind what it forwarded of hops before',
        'proxy-hardening 50: nobody else is believed, under any spelling',
      ),
    ],
  },
  {
    line: 51,
    expected: 'any server name and protocol list ends its own handshake at most',
    shown: [
      inFile(
        'src/wire/tls/hello-fuzz.test.ts',
        'proxy-hardening 51: random server names and protocols crash nothing, and the next client is served',
      ),
    ],
  },
  {
    line: 52,
    expected: 'open connections and answers are judged again when policy, certificates or revocations change',
    shown: [
      inFile(
        'src/proxy/trust.test.ts',
        'proxy-hardening 52: a revoked peer is cut off on its open connection, in the midst of a request, and refused when it comes back',
        'proxy-hardening 52: a TCP connection of a revoked peer ends',
        'proxy-hardening 52: a WebSocket of a revoked peer ends',
      ),
      inFile('src/proxy/swap.test.ts', 'proxy-hardening 52: an answer without an end is judged again with every configuration'),
    ],
  },
  {
    line: 53,
    expected: 'connections are shared only where all that they prove is equal; those that carry NTLM or Negotiate never',
    shown: [
      inFile(
        'src/proxy/parts.test.ts',
        'proxy-hardening 53: connections are shared only where everything that they prove is the same',
      ),
      inFile('src/wire/http1/client.test.ts', 'answers', 'connections'),
    ],
  },
  {
    line: 54,
    expected: 'admin and metrics listen on loopback only, and answer to that name only',
    shown: [
      inFile(
        'src/control/admin.test.ts',
        'proxy-hardening 54: the admin server listens on loopback only',
        'another name for this address, or another site, gets nothing',
      ),
    ],
  },
  {
    line: 55,
    expected:
      'rapid reset, CONTINUATION, SETTINGS, PING, tiny DATA, HPACK bombs, crumbs: GOAWAY with ENHANCE_YOUR_CALM; memory bounded',
    shown: [FLOODS, inFile('src/wire/http2/flood.test.ts', 'floods end the connection', 'memory')],
  },
  {
    line: 56,
    expected:
      'slow headers and bodies: 408; slow readers are cut off; where others wait for a connection, who holds many up makes room first',
    shown: [
      FLOODS,
      bounds(
        '56: headers that trickle are 408, a body that stops too, and a client that sends nothing is left',
        '56: one byte at a time does not stretch the time for headers',
      ),
      inFile(
        'src/wire/http1/pressure.test.ts',
        'requests that wait are taken in turn by client, each client’s in their order',
        'who takes nothing of an answer makes room after a while when others wait, and not before',
      ),
    ],
  },
  {
    line: 57,
    expected: 'headers, targets and bodies beyond the limits: 431, 414, 413',
    shown: [
      bounds('57: ${title} is ${want} in both versions', '57: a body without a length is bounded as it comes, in both versions'),
    ],
  },
  {
    line: 58,
    expected:
      'compressed bodies pass unopened, and count as found where what leaves is searched; nested claims and header compression are read in bounded time and memory',
    shown: [
      bounds(
        '58: compressed bodies are passed on as they are, so that a bomb is the receiver’s to open',
        '58: a token whose claims are nested without end is refused or read, in bounded time',
      ),
      inFile('src/proxy/egress.test.ts', 'what is sent is searched wherever it stands, and the finding never shows it'),
      inFile(
        'src/wire/http2/flood.test.ts',
        'an HPACK bomb ends the connection before much of it is read, a small one is an answer 431',
      ),
    ],
  },
  {
    line: 59,
    expected: 'patterns of users are matched in linear time (RE2 syntax)',
    shown: [
      bounds('59: patterns of users that would make a backtracking engine explode cost a request little'),
      inFile('src/plan/regex.test.ts', 'patterns that make a backtracking engine explode take linear steps'),
    ],
  },
  {
    line: 60,
    notServed: true,
    expected: 'rate limits: a route whose filter limits a rate is closed; tables by names that strangers choose are bounded',
    shown: [
      notServed('60: a route whose filter limits a rate is closed rather than open without it'),
      inFile('src/proxy/parts.test.ts', 'header names that strangers make up do not fill memory'),
      inFile(
        'src/telemetry/metrics.test.ts',
        'a million label values cost a bounded number of series, and none is lost from the total',
      ),
    ],
  },
  {
    line: 61,
    expected:
      'retries within a fifth of what is under way, only where sending twice does nothing twice, never once an answer began',
    shown: [
      inFile('src/proxy/traffic.test.ts', 'retries are a fifth of what is under way, and at least three', 'retries: ${name}'),
      inFile('src/wire/http1/client.test.ts', 'a first byte of an answer forbids the retry'),
    ],
  },
  {
    line: 62,
    expected: 'an authorizer or key source that is slow or gone refuses within its deadline, unless configured to fail open',
    shown: [
      inFile(
        'src/proxy/ext-authz.test.ts',
        'an authorizer that ${name} refuses',
        'one that is configured to fail open lets a request on to the other policies when it breaks',
        'a question does not outlive the wait for it',
      ),
      inFile('src/authn/jwks.test.ts', 'after a failure the source is left alone for a while, then longer, and asked again'),
    ],
  },
  {
    line: 63,
    expected: 'a worker that dies is replaced and the others go on; a bug in one request is a bare 500',
    shown: [
      inFile(
        'src/proxy/send-again.test.ts',
        'proxy-hardening 63: a header that cannot be written fails its request, also when it is sent again, and the worker goes on',
      ),
      inFile('test/e2e/workers.test.ts', 'one is killed: the other goes on at once, and its successor has its part of the bound'),
      inFile('test/e2e/survival.test.ts', 'proxy worker: requests succeed again at once'),
      inFile('src/wire/http1/server.test.ts', 'a bug in the handler is a bare 500 with a reference'),
      suite('two-hop'),
    ],
  },
  {
    line: 64,
    expected: 'an invalid policy, certificate, provider or backend closes what it was for',
    shown: [
      enforced('64: what is invalid or missing closes what it was for'),
      notServed('41, 64: a route for which a login is demanded is closed and says so, never open'),
      inFile('src/proxy/gateway-tls.test.ts', 'a CA bundle that is missing or no bundle closes the listener'),
    ],
  },
  {
    line: 65,
    expected: 'a narrower policy takes nothing from a wider one',
    shown: [
      enforced('65: a narrower policy takes nothing from a wider one'),
      inFile('src/policy/compile.test.ts', 'the decision table: DENY, then no ALLOW at all, then any ALLOW, else denied'),
    ],
  },
  {
    line: 66,
    expected: 'what the status says is what a probe finds',
    shown: [
      enforced('66: what the status says of a listener and a route is what a probe finds'),
      suite('istio-authz-live'),
      inFile('test/e2e/shop.test.ts', 'what the intruder reaches is exactly what the isolation leaves open'),
    ],
  },
  {
    line: 67,
    expected: 'a configuration applies whole or not at all, in every worker',
    shown: [
      enforced('67: a configuration applies whole or not at all, while requests run'),
      inFile(
        'src/proxy/swap.test.ts',
        'a snapshot that cannot be honoured changes nothing and says why',
        'no request is lost while configurations are swapped under load',
      ),
      inFile('src/control/control.test.ts', 'a refusal of one worker takes the configuration back everywhere, and says why'),
    ],
  },
];
