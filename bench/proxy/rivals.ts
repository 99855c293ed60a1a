// nginx and HAProxy set up for the same job, each with an access log that is buffered, and the origin that all stand in front of.
import type { Certificates, Stand } from './stand.ts';

/** Ports of one contender: `entry` is what the load calls; `inner` is the TLS hop between the two proxies of a pair. */
export interface Ports {
  readonly origin: number;
  readonly entry: number;
  readonly inner: number;
}

const SUITE = 'TLS_AES_128_GCM_SHA256';
const UNLIMITED = 1_000_000_000;

function nginxFrame(stand: Stand, name: string, accessLog: string, http: string): string[] {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${stand.folder}/${name}-${kind};`)
    .join(' ');
  const config = `
worker_processes 1; daemon off; master_process off; pid ${stand.folder}/${name}.pid; error_log stderr crit;
events { worker_connections 8192; }
http { access_log ${accessLog}; keepalive_requests ${UNLIMITED}; ${temporary}
${http}
}
`;
  return ['-c', stand.write(`${name}.conf`, config), '-p', stand.folder];
}

/** A small JSON answer from memory. */
export const originArgs = (stand: Stand, port: number): string[] =>
  nginxFrame(
    stand,
    'origin',
    'off',
    `server { listen 127.0.0.1:${port} backlog=4096; location / { default_type application/json; return 200 '{"id":42,"name":"cart","items":[1,2,3]}'; } }`,
  );

const nginxLog = (stand: Stand, name: string): string => `${stand.folder}/${name}.log combined buffer=256k flush=1s`;

const NGINX_PASS =
  'proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host; proxy_buffering on;';

export function nginxPlain(stand: Stand, { origin, entry }: Ports): string[] {
  return nginxFrame(
    stand,
    'nginx-plain',
    nginxLog(stand, 'nginx-plain'),
    `upstream origin { server 127.0.0.1:${origin}; keepalive 256; keepalive_requests ${UNLIMITED}; }
server { listen 127.0.0.1:${entry} backlog=4096; location / { proxy_pass http://origin; ${NGINX_PASS} } }`,
  );
}

export function nginxPair(stand: Stand, { origin, entry, inner }: Ports, pem: Certificates): string[] {
  return nginxFrame(
    stand,
    'nginx-pair',
    nginxLog(stand, 'nginx-pair'),
    `upstream origin { server 127.0.0.1:${origin}; keepalive 256; keepalive_requests ${UNLIMITED}; }
upstream peer { server 127.0.0.1:${inner}; keepalive 256; keepalive_requests ${UNLIMITED}; }
server { listen 127.0.0.1:${entry} backlog=4096; location / { proxy_pass https://peer; ${NGINX_PASS}
  proxy_ssl_certificate ${pem.front.cert}; proxy_ssl_certificate_key ${pem.front.key}; proxy_ssl_protocols TLSv1.3;
  proxy_ssl_conf_command Ciphersuites ${SUITE}; proxy_ssl_verify on; proxy_ssl_trusted_certificate ${pem.ca}; proxy_ssl_name cart; } }
server { listen 127.0.0.1:${inner} ssl backlog=4096;
  ssl_certificate ${pem.cart.cert}; ssl_certificate_key ${pem.cart.key}; ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites ${SUITE};
  ssl_verify_client on; ssl_client_certificate ${pem.ca}; location / { proxy_pass http://origin; ${NGINX_PASS} } }`,
  );
}

function haproxyFrame(stand: Stand, name: string, sections: string): string[] {
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
  return ['-db', '-f', stand.write(`${name}.cfg`, config)];
}

export function haproxyPlain(stand: Stand, { origin, entry }: Ports): string[] {
  return haproxyFrame(
    stand,
    'haproxy-plain',
    `
frontend entry
  bind 127.0.0.1:${entry}
  default_backend origin
backend origin
  server origin 127.0.0.1:${origin} pool-max-conn 256`,
  );
}

export function haproxyPair(stand: Stand, { origin, entry, inner }: Ports, pem: Certificates): string[] {
  return haproxyFrame(
    stand,
    'haproxy-pair',
    `
frontend entry
  bind 127.0.0.1:${entry}
  default_backend peer
backend peer
  server peer 127.0.0.1:${inner} pool-max-conn 256 ssl crt ${pem.front.bundle} ca-file ${pem.ca} verify required ssl-min-ver TLSv1.3
frontend inner
  bind 127.0.0.1:${inner} ssl crt ${pem.cart.bundle} ca-file ${pem.ca} verify required ssl-min-ver TLSv1.3
  default_backend origin
backend origin
  server origin 127.0.0.1:${origin} pool-max-conn 256`,
  );
}
