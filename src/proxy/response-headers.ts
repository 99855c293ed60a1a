import { trailerNames } from '#wire/trailer-fields.ts';
import type { HeaderList } from '#wire/types.ts';
import type { Exchange } from './exchange.ts';
import { Headers } from './headers.ts';
import { connectionOptions } from './header-rules.ts';

/** For one hop only (RFC 9110 section 7.6.1); framing itself is the codec's. */
const HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
]);
/** What an application's software says about itself is nobody's business outside. */
const INSIDE: ReadonlySet<string> = new Set([
  'server',
  'x-powered-by',
  'x-aspnet-version',
  'x-aspnetmvc-version',
  'x-runtime',
  'x-envoy-upstream-service-time',
]);

/**
 * The headers of an answer that go back to the caller. An application cannot speak as the proxy: its `x-cullis-` headers end at its own
 * sidecar. The gateway keeps what software runs inside to itself.
 */
export function passResponseHeaders(x: Exchange, received: HeaderList): Headers {
  const headers = new Headers();
  const { role } = x.service;
  const options = received.get('connection');
  const listed = options === undefined ? [] : connectionOptions(received.all('connection').join(','));
  for (let i = 0; i < received.length; i++) {
    const name = received.name(i);
    if (name === 'trailer') announce(headers, received.value(i));
    if (HOP.has(name) || (listed.length > 0 && listed.includes(name))) continue;
    if (name === 'x-cullis-unsent') continue;
    if (role === 'sidecar-in' ? name.startsWith('x-cullis-') : role === 'gateway' && INSIDE.has(name)) continue;
    headers.add(name, received.rawName(i), received.value(i));
  }
  return headers;
}

/** Of the fields that are to come behind the body, those that will pass. */
function announce(headers: Headers, value: string): void {
  const names = trailerNames(value);
  if (names.length > 0) headers.add('trailer', 'trailer', names.join(', '));
}
