// A small container registry on loopback (OCI distribution-spec): pulls only, with tokens when it is told so, and faults on request.
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FakeImage } from './tar.ts';

export interface FakeRegistryOptions {
  /** By `repository:tag`; several images make an index of platforms. */
  readonly images: Readonly<Record<string, readonly { readonly image: FakeImage; readonly platform: string }[]>>;
  /** `user:password` that a token is given for; without it everybody may pull. */
  readonly login?: string;
  /** Blobs are redirected to another path once. */
  readonly redirect?: boolean;
  /** A digest whose bytes are changed on the way. */
  readonly corrupt?: string;
}

export interface FakeRegistry extends AsyncDisposable {
  /** `127.0.0.1:port` */
  readonly host: string;
  /** `METHOD path` of every request. */
  readonly requests: readonly string[];
}

const TOKEN = 'token-of-the-fake-registry';

/** Starts one on a free port. */
export async function fakeRegistry(options: FakeRegistryOptions): Promise<FakeRegistry> {
  const requests: string[] = [];
  const blobs = new Map<string, Uint8Array>();
  const manifests = new Map<string, { bytes: Uint8Array; type: string }>();
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const [name, platforms] of Object.entries(options.images)) {
    for (const { image } of platforms) for (const [digest, bytes] of image.blobs) blobs.set(digest, bytes);
    for (const { image } of platforms)
      manifests.set(image.manifestDigest, {
        bytes: image.blobs.get(image.manifestDigest)!,
        type: 'application/vnd.oci.image.manifest.v1+json',
      });
    if (platforms.length === 1) {
      manifests.set(name, manifests.get(platforms[0]!.image.manifestDigest)!);
      continue;
    }
    const list = platforms.map(({ image, platform }) => {
      const [os, architecture, variant] = platform.split('/');
      return {
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        digest: image.manifestDigest,
        size: image.blobs.get(image.manifestDigest)!.length,
        platform: { os, architecture, ...(variant && { variant }) },
      };
    });
    manifests.set(name, {
      bytes: Buffer.from(
        JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: list }),
      ),
      type: 'application/vnd.oci.image.index.v1+json',
    });
  }

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url!, `http://${host}`);
    const end = (status: number, body: Uint8Array | string = '', headers: Record<string, string> = {}): void =>
      void response.writeHead(status, headers).end(body);
    if (url.pathname === '/token') {
      const wanted = `Basic ${Buffer.from(options.login ?? '').toString('base64')}`;
      if (request.headers.authorization !== wanted) return end(401);
      return end(200, JSON.stringify({ token: TOKEN }));
    }
    if (url.pathname.startsWith('/storage/')) {
      // Storage of another owner: it must not see the registry's token. (Here it is on the same host, so that the token may come.)
      return blob(url.pathname.slice('/storage/'.length), end);
    }
    if (options.login !== undefined && request.headers.authorization !== `Bearer ${TOKEN}`)
      return end(401, '', { 'www-authenticate': `Bearer realm="http://${host}/token",service="fake",scope="repository:pull"` });
    const match = /^\/v2\/(.+)\/(manifests|blobs)\/(.+)$/.exec(url.pathname);
    if (!match) return end(404);
    const [, repository, kind, name] = match as unknown as [string, string, string, string];
    if (kind === 'manifests') {
      const manifest = manifests.get(name.startsWith('sha256:') ? name : `${repository}:${name}`);
      return manifest ? end(200, manifest.bytes, { 'content-type': manifest.type }) : end(404);
    }
    return options.redirect ? end(307, '', { location: `/storage/${name}` }) : blob(name, end);
  }

  function blob(digest: string, end: (status: number, body?: Uint8Array | string) => void): void {
    const bytes = blobs.get(digest);
    if (!bytes) return end(404);
    if (digest !== options.corrupt) return end(200, bytes);
    const changed = Buffer.from(bytes);
    changed[changed.length - 1]! ^= 1;
    end(200, changed);
  }

  return {
    host,
    requests,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
