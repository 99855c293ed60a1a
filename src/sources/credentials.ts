// Registry credentials from where Docker and Podman keep them. Programs that hand out credentials are named, never run.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { rawObject } from './oci.ts';

export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
  /** An OAuth refresh token in place of a password. */
  readonly identityToken?: string;
}

export interface CredentialSource {
  /** What is known for a host; undefined means to ask anonymously. @param repository for entries that hold for a part of a registry */
  find(host: string, repository: string): RegistryCredentials | undefined;
  /** What the files say that is not done, for people. */
  readonly notes: readonly string[];
}

const FILE_BYTES_MAX = 1024 * 1024;
const DOCKER_HUB = ['https://index.docker.io/v1/', 'index.docker.io', 'docker.io', 'registry-1.docker.io'];

/** The usual files, the first that has an entry counts. @param env the process's environment @param home the user's folder */
export function credentialFiles(env: Readonly<Record<string, string | undefined>>, home: string): string[] {
  const runtime = env['XDG_RUNTIME_DIR'];
  const config = env['XDG_CONFIG_HOME'] ?? join(home, '.config');
  return [
    ...(env['REGISTRY_AUTH_FILE'] ? [env['REGISTRY_AUTH_FILE']] : []),
    join(env['DOCKER_CONFIG'] ?? join(home, '.docker'), 'config.json'),
    ...(runtime ? [join(runtime, 'containers/auth.json')] : []),
    join(config, 'containers/auth.json'),
  ];
}

/** Reads credentials. Files that are missing or damaged give none. */
export function readCredentials(files: readonly string[]): CredentialSource {
  const auths = new Map<string, RegistryCredentials>();
  const notes: string[] = [];
  for (const file of files) {
    const raw = readJsonFile(file);
    if (!raw) continue;
    for (const [key, entry] of Object.entries(rawObject(raw['auths']))) {
      const found = credentialsOf(rawObject(entry));
      const name = key.replace(/^https?:\/\//, '').replace(/\/$/, '');
      if (found && !auths.has(name)) auths.set(name, found);
    }
    const helpers = [...Object.values(rawObject(raw['credHelpers'])), raw['credsStore']].filter(
      (each) => typeof each === 'string' && each !== '',
    );
    if (helpers.length > 0)
      notes.push(
        `\`${file}\` names the credential helper \`docker-credential-${String(helpers[0])}\`, which is not run: put the credentials into \`auths\`, as \`docker login\` without a helper does`,
      );
  }
  return {
    notes,
    find: (host, repository) => {
      const hosts = DOCKER_HUB.includes(host)
        ? DOCKER_HUB.map((each) => each.replace(/^https?:\/\//, '').replace(/\/$/, ''))
        : [host];
      for (const each of hosts) {
        for (let path = repository; path !== ''; path = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '') {
          const found = auths.get(`${each}/${path}`);
          if (found) return found;
        }
        const found = auths.get(each) ?? auths.get(`${each}/v2`);
        if (found) return found;
      }
      return undefined;
    },
  };
}

function readJsonFile(file: string): Readonly<Record<string, unknown>> | undefined {
  try {
    if (statSync(file).size > FILE_BYTES_MAX) return undefined;
    return rawObject(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

function credentialsOf(entry: Readonly<Record<string, unknown>>): RegistryCredentials | undefined {
  const token = entry['identitytoken'];
  const identity = typeof token === 'string' && token !== '' ? { identityToken: token } : {};
  if (typeof entry['username'] === 'string' && typeof entry['password'] === 'string')
    return { username: entry['username'], password: entry['password'], ...identity };
  if (typeof entry['auth'] !== 'string') return undefined;
  const decoded = Buffer.from(entry['auth'], 'base64').toString('utf8').replace(/\0+$/, '');
  const colon = decoded.indexOf(':');
  return colon > 0 ? { username: decoded.slice(0, colon), password: decoded.slice(colon + 1), ...identity } : undefined;
}
