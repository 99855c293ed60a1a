// A container image as it was read: what its manifest and configuration say, and its layers as archives that are read when somebody asks.

/** The members of an OCI image configuration that judgments rest on (image-spec, config.md). */
export interface ImageConfig {
  readonly os: string;
  readonly architecture: string;
  /** RFC 3339; '' when the builder left it out. */
  readonly created: string;
  readonly user: string;
  readonly exposedPorts: readonly string[];
  /** `NAME=value` as written. Values may be secrets: never print them. */
  readonly env: readonly string[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly workingDir: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly healthcheck: boolean;
  readonly volumes: readonly string[];
  readonly history: readonly { readonly createdBy: string; readonly emptyLayer: boolean; readonly created: string }[];
}

export interface ImageLayer {
  /** `sha256:…` of the layer as it is stored. */
  readonly digest: string;
  readonly mediaType: string;
  /** Bytes as stored. */
  readonly size: number;
  /** The build step that made it; '' when the history does not say. */
  readonly createdBy: string;
  /** The layer's archive, unpacked, in chunks. @throws CullisError `image.invalid` for damaged data or too much of it */
  open(): AsyncIterable<Uint8Array>;
}

export interface Image {
  /** As the user named it. */
  readonly reference: string;
  /** Digest of the manifest of the platform that was chosen; of the configuration in a `docker save` archive, which has no manifest. */
  readonly digest: string;
  readonly config: ImageConfig;
  /** Lowest first. */
  readonly layers: readonly ImageLayer[];
}

export type ImageEntryType = 'file' | 'hardlink' | 'symlink' | 'folder' | 'device' | 'other';

/** One entry of one layer. */
export interface ImageFile {
  /** From the root, without a leading `/` or `./`: `usr/lib/libssl.so.3`. */
  readonly path: string;
  readonly type: ImageEntryType;
  /** Of links, as written. */
  readonly target: string;
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Content of regular files; a view, to be copied by whoever keeps it. Undefined when it is larger than what is read. */
  readonly bytes: Uint8Array | undefined;
  /** Index into `Image.layers`. */
  readonly layer: number;
  /** A higher layer replaces or deletes it: it does not run, but whoever pulls the image can still read it. */
  readonly hidden: boolean;
}
