import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Role } from '#api/control.ts';
import { ROLES, roleAllows } from '#api/control.ts';
import { CullisError } from '#base/errors.ts';
import type { Clock, Random } from '#base/ports.ts';
import type { AuditEvent, Emit } from '#model/event.ts';
import type { KeyWrap, Kv } from '#model/ports.ts';
import { uuidv7 } from '#telemetry/ids.ts';

const TOKEN_BYTES = 32;
const TOKEN_CHARS_MAX = 256;
const OPERATORS_MAX = 1000;
const HASH_KEY = 'operators/hash-key';
const PREFIX = 'operators/by-name/';
/** Marks a token wherever it turns up, for people and for secret scanners. */
const TOKEN_MARK = 'cullis_';
const USED_EVERY_MS = 60_000;

export interface OperatorPorts {
  readonly kv: Kv;
  readonly keyWrap: KeyWrap;
  readonly emit: Emit;
  readonly clock: Clock;
  readonly random: Random;
  readonly node: string;
}

export interface Operator {
  readonly name: string;
  readonly role: Role;
  readonly createdMs: number;
  readonly lastUsedMs: number | null;
}

interface Kept extends Operator {
  /** HMAC-SHA256 of the token. */
  readonly hash: Buffer;
  readonly durable: boolean;
  lastUsedMs: number | null;
}

interface Stored {
  readonly name: string;
  readonly role: Role;
  readonly createdMs: number;
  /** Base64. */
  readonly hash: string;
}

export type Authorization =
  | { readonly allow: true; readonly operator: Operator }
  | { readonly allow: false; readonly code: 'missing' | 'wrong' | 'role'; readonly operator: Operator | undefined };

/** People and programs that may use the admin API. Tokens are shown once; what is kept is a hash under a key that is itself sealed. */
export class Operators {
  readonly #ports: OperatorPorts;
  readonly #hashKey: Uint8Array;
  readonly #nextId: () => string;
  readonly #byName = new Map<string, Kept>();

  /** Use `openOperators`. */
  constructor(ports: OperatorPorts, hashKey: Uint8Array) {
    this.#ports = ports;
    this.#hashKey = hashKey;
    this.#nextId = uuidv7(ports.clock, ports.random);
    for (const key of ports.kv.list(PREFIX)) {
      const stored = parseStored(ports.kv.get(key));
      if (!stored)
        throw new CullisError('state.unreadable', `the operator \`${key.slice(PREFIX.length)}\` in the state is damaged`);
      this.#byName.set(stored.name, { ...stored, hash: Buffer.from(stored.hash, 'base64'), durable: true, lastUsedMs: null });
    }
  }

  list(): Operator[] {
    return [...this.#byName.values()].map(view);
  }

  /**
   * Makes a token; it is on disk (as its hash), and the audit event with it, before it is shown.
   * @param name lower-case, unique
   * @throws CullisError config.invalid when the name is taken or there are too many
   */
  async create(name: string, role: Role, by: string, byRole: string): Promise<string> {
    if (this.#byName.has(name)) throw new CullisError('config.invalid', `the operator \`${name}\` exists`);
    if (this.#byName.size >= OPERATORS_MAX)
      throw new CullisError('config.invalid', `there are ${OPERATORS_MAX} operators already`);
    const { token, kept } = this.#make(name, role, true);
    // Held from here on, so that a second request for the name finds it taken while the first waits for the disk; unusable until it is stored.
    this.#byName.set(name, { ...kept, hash: Buffer.alloc(32) });
    try {
      await this.audit({ operator: by, role: byRole, action: 'operator.create', target: `${name} ${role}`, allowed: true });
      const stored: Stored = { name, role, createdMs: kept.createdMs, hash: kept.hash.toString('base64') };
      this.#ports.kv.put(PREFIX + name, Buffer.from(JSON.stringify(stored)), null);
      this.#byName.set(name, kept);
      return token;
    } catch (error) {
      this.#byName.delete(name);
      throw error;
    }
  }

  /**
   * A token for this run only: never stored, gone with the process. For the page that `cullis up` opens and for its own command line.
   * @param known the token that a control process of this run which died had given out
   */
  createForThisRun(name: string, role: Role, known?: string): string {
    const { token, kept } = this.#make(name, role, false, known);
    this.#byName.set(name, kept);
    return token;
  }

  /** Ends a token at once. @returns false when there is none of that name */
  async remove(name: string, by: string, byRole: string): Promise<boolean> {
    if (!this.#byName.has(name)) return false;
    await this.audit({ operator: by, role: byRole, action: 'operator.delete', target: name, allowed: true });
    this.#ports.kv.delete(PREFIX + name);
    this.#byName.delete(name);
    return true;
  }

  /**
   * Who shows this token, and whether that suffices. Takes the same time for every wrong token: all hashes are compared, each in constant time.
   * @param authorization the request's Authorization field, `Bearer <token>`
   */
  authorize(authorization: string | undefined, need: Role): Authorization {
    const token = bearerToken(authorization);
    if (token === undefined)
      return { allow: false, code: authorization === undefined ? 'missing' : 'wrong', operator: undefined };
    const hash = this.#hash(token);
    let found: Kept | undefined;
    for (const kept of this.#byName.values()) if (timingSafeEqual(kept.hash, hash)) found = kept;
    if (!found) return { allow: false, code: 'wrong', operator: undefined };
    const nowMs = this.#ports.clock.nowMs();
    if (found.lastUsedMs === null || nowMs - found.lastUsedMs > USED_EVERY_MS) found.lastUsedMs = nowMs;
    if (!roleAllows(found.role, need)) return { allow: false, code: 'role', operator: view(found) };
    return { allow: true, operator: view(found) };
  }

  /** On disk before it resolves, and thus before what it reports takes effect. */
  audit(fields: Omit<AuditEvent, 'type' | 'id' | 'timeMs' | 'node'>): Promise<void> {
    const { emit, clock, node } = this.#ports;
    return emit.emitDurably({ type: 'audit', id: this.#nextId(), timeMs: clock.nowMs(), node, ...fields });
  }

  #make(name: string, role: Role, durable: boolean, known?: string): { readonly token: string; readonly kept: Kept } {
    const { random, clock } = this.#ports;
    const token = known ?? newToken(random);
    return { token, kept: { name, role, createdMs: clock.nowMs(), lastUsedMs: null, hash: this.#hash(token), durable } };
  }

  #hash(token: string): Buffer {
    return createHmac('sha256', this.#hashKey).update(token).digest();
  }
}

/** 256 bits of text that names what it is. */
export function newToken(random: Random): string {
  return TOKEN_MARK + Buffer.from(random.bytes(TOKEN_BYTES)).toString('base64url');
}

/** @throws CullisError key.unavailable, state.unreadable */
export async function openOperators(ports: OperatorPorts): Promise<Operators> {
  const sealed = ports.kv.get(HASH_KEY);
  if (sealed) return new Operators(ports, await ports.keyWrap.unwrap(sealed, HASH_KEY));
  const key = ports.random.bytes(32);
  if (!ports.kv.put(HASH_KEY, await ports.keyWrap.wrap(key, HASH_KEY))) return openOperators(ports);
  return new Operators(ports, key);
}

/** RFC 6750 section 2.1: one scheme, one blank, one token. */
function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization.length > TOKEN_CHARS_MAX) return undefined;
  return /^bearer ([A-Za-z0-9_-]+)$/i.exec(authorization)?.[1];
}

function view({ name, role, createdMs, lastUsedMs }: Kept): Operator {
  return { name, role, createdMs, lastUsedMs };
}

function parseStored(bytes: Uint8Array | undefined): Stored | undefined {
  try {
    const value = JSON.parse(Buffer.from(bytes ?? []).toString('utf8')) as Partial<Stored>;
    const { name, role, createdMs, hash } = value;
    if (typeof name !== 'string' || typeof createdMs !== 'number' || typeof hash !== 'string') return undefined;
    if (role === undefined || !ROLES.includes(role) || Buffer.from(hash, 'base64').length !== 32) return undefined;
    return { name, role, createdMs, hash };
  } catch {
    return undefined;
  }
}
