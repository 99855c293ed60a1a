// Envoy set up for the product's own job: the same TLS, a hundred RBAC policies, a file access log, its statistics. One worker thread.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Shape } from './jobs.ts';
import { CART_ID, type Certificates, FRONT_ID, type Ports, type Stand } from './stand.ts';

const POLICIES = 100;
const HTTP = 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const V3 = 'type.googleapis.com/envoy.extensions';

/** The program: `ENVOY`, else the one on PATH; undefined when there is none. */
export function envoyProgram(): string | undefined {
  const given = process.env['ENVOY'];
  if (given !== undefined && given !== '') return given;
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'envoy'))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** The policies of `plan.ts` in Envoy's words. */
function rbac(): object {
  const methods = {
    or_rules: { rules: ['GET', 'POST'].map((exact) => ({ header: { name: ':method', string_match: { exact } } })) },
  };
  const path = (prefix: string): object => ({ url_path: { path: { prefix } } });
  const policies: Record<string, object> = {};
  for (let i = 0; i < POLICIES; i++) {
    const last = i === POLICIES - 1;
    policies[`policy-${i}`] = {
      permissions: [{ and_rules: { rules: [methods, path(last ? '/' : `/api/v${i}/`)] } }],
      principals: [
        last ? { any: true } : { authenticated: { principal_name: { exact: `spiffe://cluster.local/ns/shop/sa/caller-${i}` } } },
      ],
    };
  }
  return {
    name: 'envoy.filters.http.rbac',
    typed_config: { '@type': `${V3}.filters.http.rbac.v3.RBAC`, rules: { action: 'ALLOW', policies } },
  };
}

const address = (port: number): object => ({ socket_address: { address: '127.0.0.1', port_value: port } });
const pemFiles = ({ cert, key }: { readonly cert: string; readonly key: string }): object => ({
  certificate_chain: { filename: cert },
  private_key: { filename: key },
});

function common(
  own: { readonly cert: string; readonly key: string },
  peer?: { readonly ca: string; readonly id: string },
  alpn?: readonly string[],
): object {
  return {
    tls_params: { tls_minimum_protocol_version: 'TLSv1_3', tls_maximum_protocol_version: 'TLSv1_3' },
    tls_certificates: [pemFiles(own)],
    ...(peer && {
      validation_context: {
        trusted_ca: { filename: peer.ca },
        match_typed_subject_alt_names: [{ san_type: 'URI', matcher: { exact: peer.id } }],
      },
    }),
    ...(alpn && { alpn_protocols: alpn }),
  };
}

function listener(name: string, port: number, log: string, cluster: string, authorises: boolean, tls?: object): object {
  const manager = {
    '@type': HTTP,
    stat_prefix: name,
    codec_type: 'AUTO',
    access_log: [
      { name: 'envoy.access_loggers.file', typed_config: { '@type': `${V3}.access_loggers.file.v3.FileAccessLog`, path: log } },
    ],
    route_config: {
      name,
      virtual_hosts: [{ name, domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster, timeout: '0s' } }] }],
    },
    http_filters: [
      ...(authorises ? [rbac()] : []),
      { name: 'envoy.filters.http.router', typed_config: { '@type': `${V3}.filters.http.router.v3.Router` } },
    ],
  };
  const socket = tls && {
    transport_socket: {
      name: 'envoy.transport_sockets.tls',
      typed_config: { '@type': `${V3}.transport_sockets.tls.v3.DownstreamTlsContext`, ...tls },
    },
  };
  return {
    name,
    address: address(port),
    filter_chains: [{ filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }], ...socket }],
  };
}

function cluster(name: string, port: number, http2: boolean, tls?: object): object {
  return {
    name,
    type: 'STATIC',
    connect_timeout: '5s',
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address: address(port) } }] }] },
    ...(http2 && {
      typed_extension_protocol_options: {
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
          '@type': `${V3}.upstreams.http.v3.HttpProtocolOptions`,
          explicit_http_config: { http2_protocol_options: {} },
        },
      },
    }),
    ...(tls && {
      transport_socket: {
        name: 'envoy.transport_sockets.tls',
        typed_config: { '@type': `${V3}.transport_sockets.tls.v3.UpstreamTlsContext`, ...tls },
      },
    }),
  };
}

export function envoyArgs(stand: Stand, shape: Shape, { origin, entry, inner }: Ports, pem: Certificates): string[] {
  const log = `${stand.folder}/envoy-${shape}.log`;
  const grpc = shape === 'grpc';
  const h2 = grpc ? ['h2'] : undefined;
  const gateway = shape === 'plain' || shape === 'tls';
  const edge = shape === 'tls' ? { common_tls_context: common(pem.cart, undefined, ['h2', 'http/1.1']) } : undefined;
  const listeners = gateway
    ? [listener('entry', entry, log, 'origin', true, edge)]
    : [
        listener('entry', entry, log, 'peer', false),
        listener('inner', inner, log, 'origin', true, {
          require_client_certificate: true,
          common_tls_context: common(pem.cart, { ca: pem.ca, id: FRONT_ID }, h2),
        }),
      ];
  const peer = cluster('peer', inner, grpc, {
    sni: 'cart',
    common_tls_context: common(pem.front, { ca: pem.ca, id: CART_ID }, h2),
  });
  const config = { static_resources: { listeners, clusters: [cluster('origin', origin, grpc), ...(gateway ? [] : [peer])] } };
  return [
    '-c',
    stand.write(`envoy-${shape}.json`, JSON.stringify(config)),
    '--concurrency',
    '1',
    '--disable-hot-restart',
    '-l',
    'error',
  ];
}
