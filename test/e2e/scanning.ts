// The commands that look, started as a user starts them, each in a folder of its own that is removed again.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { cullis as insideCullis } from '../fakes/cli.ts';
import { ROOT, removeFolder, tempFolder } from './running.ts';

const CULLIS = join(ROOT, 'bin', 'cullis.js');

/** Looks like one of GitHub's, with the checksum that they end in. Put together here, so that no scan of this repository finds it. */
export function githubToken(): string {
  const body = 'R8s2Kq7Lm4Vx9Tz1Bn6Wc3Yd5Fg0Hj';
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  let tail = '';
  for (let rest = crc32(body); tail.length < 6; rest = Math.floor(rest / 62)) tail = digits[rest % 62]! + tail;
  return `ghp_${body}${tail}`;
}

export interface Done {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder to work in, and beside it a home of its own: nothing of this machine's user is read or changed. */
export class Workshop implements Disposable {
  readonly #top = tempFolder();
  readonly folder = join(this.#top, 'work');
  readonly env: Readonly<Record<string, string>> = {
    PATH: process.env['PATH'] ?? '',
    HOME: join(this.#top, 'home'),
    XDG_CACHE_HOME: join(this.#top, 'cache'),
    XDG_DATA_HOME: join(this.#top, 'data'),
    DOCKER_CONFIG: join(this.#top, 'home', '.docker'),
    NO_COLOR: '1',
  };

  /** @param files path -> text */
  constructor(files: Readonly<Record<string, string | Uint8Array>> = {}) {
    mkdirSync(this.folder);
    mkdirSync(join(this.#top, 'home'));
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  [Symbol.dispose](): void {
    removeFolder(this.#top);
  }

  get cache(): string {
    return join(this.#top, 'cache');
  }

  path(path: string): string {
    return join(this.folder, path);
  }

  write(path: string, text: string | Uint8Array): void {
    const file = this.path(path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  read(path: string): string {
    return readFileSync(this.path(path), 'utf8');
  }

  has(path: string): boolean {
    return statSync(this.path(path), { throwIfNoEntry: false }) !== undefined;
  }

  /** Puts a fixture of the repository here. @param from below the repository */
  copy(from: string, to = '.'): void {
    cpSync(join(ROOT, from), this.path(to), { recursive: true });
  }

  /** Changes a text in a file; it must be there. */
  edit(path: string, from: string, to: string): void {
    const text = this.read(path);
    assert.ok(text.includes(from), `${path} lacks ${from}`);
    this.write(path, text.replace(from, to));
  }

  /** Runs `cullis` with these words. Never rejects for an exit code. */
  async cullis(args: readonly string[], input = '', env: Readonly<Record<string, string>> = {}): Promise<Done> {
    return await new Promise((resolve, reject) => {
      const child = execFile(
        process.execPath,
        [CULLIS, ...args],
        { cwd: this.folder, env: { ...this.env, ...env }, encoding: 'utf8', timeout: 60_000, maxBuffer: 64 * 1024 * 1024 },
        (error, stdout, stderr) => {
          if (error && typeof error.code !== 'number') reject(new Error(`cullis ${args.join(' ')}: ${error.message}`));
          else resolve({ code: error ? (error.code as number) : 0, stdout, stderr });
        },
      );
      child.stdin!.on('error', () => undefined);
      child.stdin!.end(input);
    });
  }

  /** The same, with the exit code that is expected. @returns what it printed */
  async expect(code: number, args: readonly string[], input = ''): Promise<string> {
    const done = await this.cullis(args, input);
    assert.equal(done.code, code, `cullis ${args.join(' ')}\n${done.stdout.slice(-4000)}\n${done.stderr.slice(-4000)}`);
    return done.stdout;
  }

  /** The same words in this process: for the many ways to ask one command, of which a few are asked of a process of its own. */
  async inside(args: readonly string[]): Promise<Done> {
    return await insideCullis(args, { cwd: this.folder, env: this.env });
  }

  /** What it says when the call or a file of the user is wrong. */
  async mistake(args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.inside(args);
    assert.equal(code, 2, `cullis ${args.join(' ')}\n${stdout.slice(-4000)}\n${stderr.slice(-4000)}`);
    return stderr;
  }

  /** Data of a command with `--json`. */
  async json<T>(code: number, args: readonly string[], input = ''): Promise<T> {
    return JSON.parse(await this.expect(code, [...args, '--json'], input)) as T;
  }
}
