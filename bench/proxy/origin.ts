// The origin that all contenders stand in front of: nginx with small JSON, files of each size, uploads that it reads to their end, and a gRPC method.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SIZES } from './jobs.ts';
import { nginxFrame } from './nginx.ts';
import type { Stand } from './stand.ts';

export interface OriginPorts {
  readonly http1: number;
  /** HTTP/2 with prior knowledge. */
  readonly http2: number;
}

const ANSWER = `{"id":42,"name":"cart","items":[1,2,3]}`;
const LARGEST = '11m';

/** A gRPC message of `bytes` bytes, or any: nobody here decodes it. */
export function grpcMessage(bytes: number): Buffer {
  const message = Buffer.alloc(5 + bytes, 'x');
  message[0] = 0;
  message.writeUInt32BE(bytes, 1);
  return message;
}

/** Arguments of nginx. Requests with a body reach `/sink` once they are read whole: an answer that comes early would end uploads. */
export function originArgs(stand: Stand, { http1, http2 }: OriginPorts): string[] {
  const www = join(stand.folder, 'www');
  mkdirSync(www, { recursive: true });
  for (const [name, bytes] of Object.entries(SIZES)) writeFileSync(join(www, name), Buffer.alloc(bytes, 'x'));
  writeFileSync(join(www, 'grpc'), grpcMessage(60));
  const sink = `unix:${stand.folder}/sink.sock`;
  return nginxFrame(
    stand,
    'origin',
    'off',
    `sendfile on; tcp_nopush on; client_max_body_size 0;
server { listen ${sink}; location / { default_type application/json; return 200 '${ANSWER}'; } }
server { listen 127.0.0.1:${http1} backlog=4096; root ${www}; default_type application/octet-stream;
  location / { default_type application/json; return 200 '${ANSWER}'; }
  ${Object.keys(SIZES)
    .map((name) => `location = /${name} {}`)
    .join(' ')}
  location = /up { client_body_buffer_size ${LARGEST}; proxy_pass http://${sink}; proxy_pass_request_body off; proxy_set_header Content-Length ""; } }
server { listen 127.0.0.1:${http2} http2 backlog=4096; root ${www}; http2_max_concurrent_streams 1000; keepalive_requests 1000000000;
  location / { default_type application/grpc; error_page 405 =200 /grpc; add_trailer grpc-status 0 always; try_files /grpc =404; } }`,
  );
}
