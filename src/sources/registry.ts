// Pulling images from registries (OCI distribution-spec 1.1): manifests and blobs into an OCI layout on disk, every byte checked against its digest.
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { CullisError } from '#base/errors.ts';
import type { Image } from '#model/image.ts';
import type { CredentialSource, RegistryCredentials } from './credentials.ts';
import { bodyChunks, bodyOf, download, isLoopback } from './download.ts';
import { choosePlatform, DEFAULT_PLATFORM, descriptorOf, openImage, rawObject } from './oci.ts';
import type { ImageOptions } from './oci.ts';
import { hasher } from './unpack.ts';

export interface PullOptions extends ImageOptions {
  /** Folder for the layout; blobs that are there already are not fetched again. */
  readonly folder: string;
  readonly credentials?: CredentialSource;
  /** Bytes of all blobs together. */
  readonly bytesMax?: number;
}

export interface ImageReference {
  /** Host with port: `registry-1.docker.io`. */
  readonly host: string;
  /** `library/nginx` */
  readonly repository: string;
  /** A tag, or a digest, which wins. */
  readonly tag: string;
  readonly digest: string;
}

const MANIFEST_BYTES_MAX = 8 * 1024 * 1024;
const TOKEN_BYTES_MAX = 1024 * 1024;
const BYTES_MAX = 32 * 1024 * 1024 * 1024;
const PARALLEL = 3;
const ACCEPT = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** Reads `[host[:port]/]repository[:tag][@digest]` as Docker does. @returns undefined when it is no name of an image */
export function parseReference(text: string): ImageReference | undefined {
  const match = /^([^@\s]{1,500}?)(?:@(sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})))?$/.exec(text);
  if (!match) return undefined;
  let name = match[1]!;
  const digest = match[2] ?? '';
  const colon = name.lastIndexOf(':');
  let tag = '';
  if (colon > name.lastIndexOf('/')) [name, tag] = [name.slice(0, colon), name.slice(colon + 1)];
  const slash = name.indexOf('/');
  const first = slash === -1 ? '' : name.slice(0, slash);
  const hasHost = /[.:]/.test(first) || first === 'localhost';
  let host = hasHost ? first : 'docker.io';
  let repository = hasHost ? name.slice(slash + 1) : name;
  if (host === 'docker.io' || host === 'index.docker.io') {
    host = 'registry-1.docker.io';
    if (!repository.includes('/')) repository = `library/${repository}`;
  }
  const valid = /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*$/.test(repository);
  if (!valid || repository.length > 255 || !/^\[?[A-Za-z0-9.:-]+\]?(?::\d+)?$/.test(host)) return undefined;
  if (tag !== '' && !/^\w[\w.-]{0,127}$/.test(tag)) return undefined;
  return { host, repository, tag: tag === '' && digest === '' ? 'latest' : tag, digest };
}

/**
 * Pulls an image and opens it.
 * @throws CullisError `image.unavailable`, `image.invalid`, `fetch.failed`, `fetch.refused`
 */
export async function pullImage(name: string, options: PullOptions): Promise<Image> {
  const reference = parseReference(name);
  if (!reference) throw new CullisError('image.unavailable', `\`${name.slice(0, 200)}\` is no name of an image`);
  const registry = new Registry(reference, options.credentials);
  const platform = options.platform ?? DEFAULT_PLATFORM;
  let manifest = await registry.manifest(reference.digest === '' ? reference.tag : reference.digest, reference.digest);
  for (let depth = 0; Array.isArray(rawObject(manifest.value)['manifests']); depth++) {
    if (depth > 3) throw new CullisError('image.invalid', 'indexes are nested too deeply');
    const chosen = choosePlatform(rawObject(manifest.value)['manifests'] as unknown[], platform);
    manifest = await registry.manifest(chosen.digest, chosen.digest);
  }
  const { config, layers } = rawObject(manifest.value);
  if (config === undefined || !Array.isArray(layers))
    throw new CullisError(
      'image.invalid',
      'the registry answers with a manifest of a kind that is not read (schema 1 is out of use)',
    );
  const blobs = [config, ...(layers as unknown[])].map(descriptorOf);
  const total = blobs.reduce((sum, { size }) => sum + size, 0);
  const bytesMax = options.bytesMax ?? BYTES_MAX;
  if (total > bytesMax) throw new CullisError('fetch.refused', `the image has ${total} bytes; at most ${bytesMax} are fetched`);
  mkdirSync(join(options.folder, 'blobs/sha256'), { recursive: true });
  mkdirSync(join(options.folder, 'blobs/sha512'), { recursive: true });
  const queue = [...new Map(blobs.map((blob) => [blob.digest, blob])).values()];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < queue.length) {
      const { digest, size } = queue[next++]!;
      await registry.blob(digest, size, blobPath(options.folder, digest));
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: PARALLEL }, work));
  const failed = workers.find((each) => each.status === 'rejected');
  if (failed) throw failed.reason;
  writeFileSync(blobPath(options.folder, manifest.digest), manifest.bytes);
  writeFileSync(join(options.folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const index = {
    schemaVersion: 2,
    manifests: [{ mediaType: manifest.mediaType, digest: manifest.digest, size: manifest.bytes.length }],
  };
  writeFileSync(join(options.folder, 'index.json'), JSON.stringify(index));
  return { ...openImage(options.folder, options), reference: name };
}

function blobPath(folder: string, digest: string): string {
  return join(folder, 'blobs', ...digest.split(':'));
}

interface Manifest {
  readonly value: unknown;
  readonly bytes: Uint8Array;
  readonly digest: string;
  readonly mediaType: string;
}

class Registry {
  readonly #reference: ImageReference;
  readonly #base: string;
  readonly #credentials: RegistryCredentials | undefined;
  #authorization: string | undefined;

  constructor(reference: ImageReference, credentials: CredentialSource | undefined) {
    const { host, repository } = reference;
    this.#reference = reference;
    const name = host.replace(/:\d+$/, '');
    this.#base = `${isLoopback(name) ? 'http' : 'https'}://${host}/v2/${repository}`;
    this.#credentials = credentials?.find(host, repository);
  }

  async manifest(name: string, digest: string): Promise<Manifest> {
    const response = await this.#get(`manifests/${name}`, ACCEPT);
    const bytes = await bodyOf(response, MANIFEST_BYTES_MAX);
    const wanted = digest === '' ? `sha256:${createHash('sha256').update(bytes).digest('hex')}` : digest;
    const hash = hasher(wanted);
    hash.update(bytes);
    if (!hash.matches()) throw new CullisError('image.invalid', `the registry's answer does not have the digest \`${wanted}\``);
    let value: unknown;
    try {
      value = JSON.parse(new TextDecoder().decode(bytes));
    } catch (error) {
      throw new CullisError('image.invalid', 'the registry answers with a manifest that is no JSON', { cause: error });
    }
    const mediaType = rawObject(value)['mediaType'];
    return {
      value,
      bytes,
      digest: wanted,
      mediaType: typeof mediaType === 'string' ? mediaType : (response.headers.get('content-type') ?? ''),
    };
  }

  /** Fetches a blob into a file, unless it is there already. */
  async blob(digest: string, size: number, path: string): Promise<void> {
    if (existsSync(path) && statSync(path).size === size && (await fileMatches(path, digest))) return;
    const response = await this.#get(`blobs/${digest}`, '*/*');
    const partial = `${path}.${randomUUID()}`;
    const hash = hasher(digest);
    const file = await open(partial, 'wx', 0o600);
    try {
      for await (const chunk of bodyChunks(response, size)) {
        hash.update(chunk);
        await file.write(chunk);
      }
      await file.close();
      if (!hash.matches()) throw new CullisError('image.invalid', `the registry's blob does not have the digest \`${digest}\``);
      renameSync(partial, path);
    } finally {
      await file.close().catch(() => undefined);
      rmSync(partial, { force: true });
    }
  }

  async #get(path: string, accept: string): Promise<Response> {
    const send = (): Promise<Response> =>
      download(`${this.#base}/${path}`, {
        headers: { accept, ...(this.#authorization !== undefined && { authorization: this.#authorization }) },
      });
    let response = await send();
    if (response.status === 401) {
      await response.body?.cancel();
      this.#authorization = await this.#authorize(response.headers.get('www-authenticate') ?? '');
      response = await send();
    }
    if (response.ok) return response;
    await response.body?.cancel();
    const { host, repository } = this.#reference;
    const why = {
      401: 'it wants credentials',
      403: 'these credentials may not read it',
      404: 'there is no such image',
      429: 'it limits how often it may be asked',
    }[response.status];
    throw new CullisError(
      'image.unavailable',
      `\`${host}\` does not give \`${repository}\`: ${why ?? `it answers with status ${response.status}`}`,
    );
  }

  /** Answers a challenge: basic credentials, or a token for them (distribution-spec, token authentication). */
  async #authorize(challenge: string): Promise<string> {
    const { host, repository } = this.#reference;
    const basic =
      this.#credentials &&
      `Basic ${Buffer.from(`${this.#credentials.username}:${this.#credentials.password}`).toString('base64')}`;
    if (/^basic\b/i.test(challenge)) {
      if (basic === undefined)
        throw new CullisError(
          'image.unavailable',
          `\`${host}\` wants credentials; \`docker login ${host}\` keeps them where they are found`,
        );
      return basic;
    }
    const parameters = new Map(
      [...challenge.slice(0, 4096).matchAll(/([a-z]+)="([^"]*)"/gi)].map(([, name, value]) => [name!.toLowerCase(), value!]),
    );
    const realm = parameters.get('realm');
    if (!/^bearer\b/i.test(challenge) || realm === undefined || !URL.canParse(realm))
      throw new CullisError('image.unavailable', `\`${host}\` wants a kind of authentication that is not known`);
    const url = new URL(realm);
    // A registry may not have a token fetched from this machine unless it is on it.
    if (isLoopback(url.hostname) && !isLoopback(host.replace(/:\d+$/, '')))
      throw new CullisError('fetch.refused', `\`${host}\` names a token service on this machine`);
    const service = parameters.get('service') ?? '';
    const scope = parameters.get('scope') ?? `repository:${repository}:pull`;
    const identity = this.#credentials?.identityToken;
    let response: Response;
    if (identity === undefined) {
      if (service !== '') url.searchParams.set('service', service);
      url.searchParams.set('scope', scope);
      response = await download(url.href, { headers: basic === undefined ? {} : { authorization: basic } });
    } else {
      const form = new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: identity,
        service,
        scope,
        client_id: 'cullis',
      });
      response = await download(url.href, {
        method: 'POST',
        body: form.toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
    }
    if (!response.ok) {
      await response.body?.cancel();
      throw new CullisError('image.unavailable', `the token service of \`${host}\` answers with status ${response.status}`);
    }
    const answer = parseAnswer(await bodyOf(response, TOKEN_BYTES_MAX));
    const token = answer['token'] ?? answer['access_token'];
    if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token))
      throw new CullisError('image.unavailable', `the token service of \`${host}\` gives no token`);
    return `Bearer ${token}`;
  }
}

function parseAnswer(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    return rawObject(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return {};
  }
}

async function fileMatches(path: string, digest: string): Promise<boolean> {
  const hash = hasher(digest);
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) hash.update(chunk);
  return hash.matches();
}
