// Application protocols of TLS connections (RFC 7301), as Istio's proxies name them inside the mesh.

/** The mesh's own mark: a peer that names it is a sidecar or a gateway, whatever it speaks. */
export const MESH_ALPN = 'istio';
/** What a client in the mesh offers, by what it is going to speak. */
export const MESH_CLIENT_ALPN: Readonly<Record<'http/1.1' | 'h2', readonly string[]>> = {
  'http/1.1': ['istio-http/1.1', MESH_ALPN, 'http/1.1'],
  h2: ['istio-h2', MESH_ALPN, 'h2'],
};
/** What a sidecar takes on an HTTP port, the best first. */
export const MESH_HTTP_ALPN: readonly string[] = ['istio-h2', 'istio-http/1.1', MESH_ALPN, 'h2', 'http/1.1'];
/** What a gateway takes from the world. */
export const EDGE_ALPN: readonly string[] = ['h2', 'http/1.1'];

const VERSIONS: ReadonlyMap<string, '1.1' | '2'> = new Map([
  ['h2', '2'],
  ['istio-h2', '2'],
  ['http/1.1', '1.1'],
  ['istio-http/1.1', '1.1'],
]);

/** The HTTP version that a negotiated protocol settles; undefined where it settles none (`istio`, none) and the first bytes tell. */
export function httpVersionOf(alpn: string): '1.1' | '2' | undefined {
  return VERSIONS.get(alpn);
}
