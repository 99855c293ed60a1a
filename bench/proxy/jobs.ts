// What contenders are measured at: `plain`, `tls`, `pair`, `h2`, `grpc`, and bodies of a size through one of the first four (`plain-down-10m`,
// `pair-up-64k`).

/** How proxies stand: `plain` and `tls` are a gateway, `pair` and `grpc` two sidecars in one process with mutual TLS between them. */
export type Shape = 'plain' | 'tls' | 'pair' | 'grpc';

export interface Job {
  readonly name: string;
  readonly shape: Shape;
  readonly client: 'http1' | 'http2';
  readonly secure: boolean;
  readonly path: string;
  /** Posted with every request; 0 is a GET. */
  readonly upBytes: number;
  /** The larger direction of a job about bodies, 0 of others: rates are then in MB/s too. */
  readonly bodyBytes: number;
  readonly connections: number;
  /** Requests under way on each connection, of HTTP/2. */
  readonly streams: number;
  readonly what: string;
}

/** Sizes of bodies, by the names of the origin's files. */
export const SIZES: Readonly<Record<string, number>> = { '1k': 1000, '64k': 64_000, '1m': 1_000_000, '10m': 10_000_000 };

const LINE: Readonly<Record<Shape, string>> = {
  plain: 'client > proxy > origin',
  tls: 'client > TLS > proxy > origin',
  pair: 'client > proxy > mTLS > proxy > origin',
  grpc: 'client > h2c > proxy > mTLS, HTTP/2 > proxy > h2c > origin',
};

const small = (shape: Shape): Job => ({
  name: shape,
  shape,
  client: 'http1',
  secure: shape === 'tls',
  path: '/cart?id=42',
  upBytes: 0,
  bodyBytes: 0,
  connections: 64,
  streams: 1,
  what: `${LINE[shape]}, HTTP/1, small answers`,
});

const SMALL: Readonly<Record<string, Job>> = {
  plain: small('plain'),
  tls: small('tls'),
  pair: small('pair'),
  h2: {
    ...small('tls'),
    name: 'h2',
    client: 'http2',
    connections: 8,
    streams: 32,
    what: `${LINE.tls}, HTTP/2 with 32 streams to a connection, HTTP/1 to the origin`,
  },
  grpc: {
    ...small('grpc'),
    name: 'grpc',
    client: 'http2',
    path: '/shop.Cart/Get',
    upBytes: 105,
    connections: 8,
    streams: 32,
    what: `${LINE.grpc}, unary calls`,
  },
};

function body(shape: Shape, direction: string, size: string): Job {
  const bytes = SIZES[size]!;
  const up = direction === 'up';
  return {
    ...small(shape),
    name: `${shape}-${direction}-${size}`,
    path: up ? '/up' : `/${size}`,
    upBytes: up ? bytes : 0,
    bodyBytes: bytes,
    connections: bytes < 1_000_000 ? 64 : 8,
    what: `${LINE[shape]}, HTTP/1, bodies of ${size} ${direction}`,
  };
}

/** Without `--jobs`. */
export const USUAL_JOBS = [
  ...Object.keys(SMALL),
  ...['down', 'up'].flatMap((direction) => Object.keys(SIZES).map((size) => `plain-${direction}-${size}`)),
  'tls-down-10m',
  'pair-down-10m',
  'pair-up-10m',
  'h2-down-1m',
  'h2-up-1m',
].join(',');

/** Bodies over HTTP/2 to a gateway. */
const http2 = (job: Job): Job => ({
  ...job,
  name: job.name.replace('tls', 'h2'),
  client: 'http2',
  streams: 4,
  what: job.what.replace('HTTP/1', 'HTTP/2'),
});

/** @throws Error for a name that is none */
export function jobNamed(name: string): Job {
  const known = SMALL[name];
  if (known) return known;
  const [, shape, direction, size] = /^(plain|tls|pair|h2)-(down|up)-(1k|64k|1m|10m)$/.exec(name) ?? [];
  if (shape === undefined || direction === undefined || size === undefined)
    throw new Error(
      `no job \`${name}\`; there are ${Object.keys(SMALL).join(', ')}, and plain, tls, pair or h2 with -down- or -up- and 1k, 64k, 1m or 10m`,
    );
  return shape === 'h2' ? http2(body('tls', direction, size)) : body(shape as Shape, direction, size);
}
