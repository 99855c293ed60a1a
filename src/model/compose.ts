// A Compose service as the System keeps it: the members of the Compose Specification in their long forms, values put in.

export interface ComposePort {
  /** Port of the container. */
  readonly target: number;
  /** Port or range of the host, as written; absent: the host chooses one. */
  readonly published?: string;
  /** Address of the host that it is bound to; absent: every address. */
  readonly host_ip?: string;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  readonly name?: string;
  readonly app_protocol?: string;
  readonly mode?: string;
}

export interface ComposeVolume {
  readonly type: 'bind' | 'volume' | 'tmpfs' | 'npipe' | 'cluster' | 'image';
  /** Path of the host for `bind`, name of a volume; absent for an anonymous one. */
  readonly source?: string;
  readonly target: string;
  readonly read_only: boolean;
}

/** A secret or configuration that is mounted. */
export interface ComposeGrant {
  readonly source: string;
  readonly target?: string;
  readonly uid?: string;
  readonly gid?: string;
  readonly mode?: string;
}

/**
 * `spec` of a resource of kind `ComposeService`. Every path into it has an origin (`['ports', 0]`, `['environment', 'DB_URL']`,
 * `['cap_add', 1]`); members that are not listed here are kept as written.
 */
export interface ComposeService {
  readonly image?: string;
  readonly build?: {
    readonly context?: string;
    readonly dockerfile?: string;
    readonly target?: string;
    readonly args?: Readonly<Record<string, string | null>>;
  } & Readonly<Record<string, unknown>>;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  /** Null: taken from the environment of whoever starts it. Files of `env_file` are in it. */
  readonly environment: Readonly<Record<string, string | null>>;
  readonly env_file: readonly { readonly path: string; readonly required: boolean }[];
  readonly ports: readonly ComposePort[];
  /** `6379`, `6379/udp`, ranges written out. */
  readonly expose: readonly string[];
  /** `default` when nothing is said; empty with a `network_mode`. */
  readonly networks: Readonly<Record<string, Readonly<Record<string, unknown>> | null>>;
  /** `host`, `none`, `service:name`, `container:name`. */
  readonly network_mode?: string;
  readonly volumes: readonly ComposeVolume[];
  readonly depends_on: Readonly<Record<string, unknown>>;
  readonly links: readonly string[];
  readonly secrets: readonly ComposeGrant[];
  readonly configs: readonly ComposeGrant[];
  readonly labels: Readonly<Record<string, string>>;
  readonly profiles: readonly string[];
  readonly privileged: boolean;
  readonly read_only: boolean;
  readonly user?: string;
  readonly pid?: string;
  readonly ipc?: string;
  readonly userns_mode?: string;
  readonly cgroup?: string;
  readonly cap_add: readonly string[];
  readonly cap_drop: readonly string[];
  readonly security_opt: readonly string[];
  readonly devices: readonly string[];
  readonly group_add: readonly string[];
  readonly extra_hosts: readonly string[];
  readonly tmpfs: readonly string[];
  readonly sysctls: Readonly<Record<string, string | null>>;
  readonly healthcheck?: Readonly<Record<string, unknown>>;
  readonly deploy?: Readonly<Record<string, unknown>>;
  readonly restart?: string;
  readonly container_name?: string;
  readonly hostname?: string;
  readonly runtime?: string;
  readonly mem_limit?: string;
  readonly cpus?: string;
  readonly pids_limit?: number;
  readonly [member: string]: unknown;
}

/** `spec` of a resource of kind `ComposeProject`: what stands beside the services. */
export interface ComposeProject {
  readonly name: string;
  readonly networks: Readonly<Record<string, Readonly<Record<string, unknown>> | null>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, unknown>>;
  readonly configs: Readonly<Record<string, unknown>>;
}

export const COMPOSE_API = 'compose';
export const COMPOSE_SERVICE = 'ComposeService';
export const COMPOSE_PROJECT = 'ComposeProject';
