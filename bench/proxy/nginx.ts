// nginx set up for each job, with an access log that is buffered. It decides nothing about who may call: it is the measure, not a peer.
import type { Shape } from './jobs.ts';
import type { Certificates, Ports, Stand } from './stand.ts';

export const SUITE = 'TLS_AES_128_GCM_SHA256';
const UNLIMITED = 1_000_000_000;

export function nginxFrame(stand: Stand, name: string, accessLog: string, http: string): string[] {
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

/** Bodies pass as they come, and no file is written on the way. */
const PASS =
  'proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host; proxy_buffering on; proxy_max_temp_file_size 0; proxy_request_buffering off;';

export function nginxArgs(stand: Stand, shape: Shape, { origin, entry, inner }: Ports, pem: Certificates): string[] {
  const name = `nginx-${shape}`;
  const log = `${stand.folder}/${name}.log combined buffer=256k flush=1s`;
  const upstream = (id: string, port: number): string =>
    `upstream ${id} { server 127.0.0.1:${port}; keepalive 256; keepalive_requests ${UNLIMITED}; }`;
  const kind = shape === 'grpc' ? 'grpc' : 'proxy';
  const peer = `${kind}_ssl_certificate ${pem.front.cert}; ${kind}_ssl_certificate_key ${pem.front.key}; ${kind}_ssl_protocols TLSv1.3;
  ${kind}_ssl_conf_command Ciphersuites ${SUITE}; ${kind}_ssl_verify on; ${kind}_ssl_trusted_certificate ${pem.ca}; ${kind}_ssl_name cart;`;
  const own = `ssl_certificate ${pem.cart.cert}; ssl_certificate_key ${pem.cart.key}; ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites ${SUITE};`;
  const mutual = `${own} ssl_verify_client on; ssl_client_certificate ${pem.ca};`;
  const servers: Readonly<Record<Shape, string>> = {
    plain: `server { listen 127.0.0.1:${entry} backlog=4096; location / { proxy_pass http://origin; ${PASS} } }`,
    tls: `server { listen 127.0.0.1:${entry} ssl http2 backlog=4096; ${own} location / { proxy_pass http://origin; ${PASS} } }`,
    pair: `server { listen 127.0.0.1:${entry} backlog=4096; location / { proxy_pass https://peer; ${PASS} ${peer} } }
server { listen 127.0.0.1:${inner} ssl backlog=4096; ${mutual} location / { proxy_pass http://origin; ${PASS} } }`,
    grpc: `server { listen 127.0.0.1:${entry} http2 backlog=4096; location / { grpc_pass grpcs://peer; ${peer} } }
server { listen 127.0.0.1:${inner} ssl http2 backlog=4096; ${mutual} location / { grpc_pass grpc://origin; } }`,
  };
  return nginxFrame(
    stand,
    name,
    log,
    `client_max_body_size 0; http2_max_concurrent_streams 1000;
${upstream('origin', origin)} ${upstream('peer', inner)}
${servers[shape]}`,
  );
}
