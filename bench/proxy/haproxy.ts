// HAProxy set up for each job, with its access log in a ring of memory. As nginx it decides nothing about who may call.
import type { Shape } from './jobs.ts';
import { SUITE } from './nginx.ts';
import type { Certificates, Ports, Stand } from './stand.ts';

export function haproxyArgs(stand: Stand, shape: Shape, { origin, entry, inner }: Ports, pem: Certificates): string[] {
  const grpc = shape === 'grpc';
  const gateway = shape === 'plain' || shape === 'tls';
  const entryTls = shape === 'tls' ? ` ssl crt ${pem.cart.bundle} ssl-min-ver TLSv1.3 alpn h2,http/1.1` : '';
  const sections = `
frontend entry
  bind 127.0.0.1:${entry}${entryTls}${grpc ? ' proto h2' : ''}
  default_backend ${gateway ? 'origin' : 'peer'}
backend origin
  server origin 127.0.0.1:${origin} pool-max-conn 256${grpc ? ' proto h2' : ''}
${
  gateway
    ? ''
    : `backend peer
  server peer 127.0.0.1:${inner} pool-max-conn 256 ssl crt ${pem.front.bundle} ca-file ${pem.ca} verify required ssl-min-ver TLSv1.3${grpc ? ' alpn h2' : ''}
frontend inner
  bind 127.0.0.1:${inner} ssl crt ${pem.cart.bundle} ca-file ${pem.ca} verify required ssl-min-ver TLSv1.3${grpc ? ' alpn h2' : ''}
  default_backend origin`
}`;
  const config = `
ring access
  format raw
  size 262144
global
  log ring@access len 1024 local0
  nbthread 1
  maxconn 8192
  ssl-default-bind-ciphersuites ${SUITE}
  ssl-default-server-ciphersuites ${SUITE}
defaults
  mode http
  log global
  option httplog
  http-reuse always
  timeout connect 5s
  timeout client 60s
  timeout server 60s
${sections}
`;
  return ['-db', '-f', stand.write(`haproxy-${shape}.cfg`, config)];
}
