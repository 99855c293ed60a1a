// One pass over an image's files: packages of the distribution and of languages, libraries that are missing, files with setuid.
import type { NotAnalysed } from '#model/coverage.ts';
import type { Image, ImageFile } from '#model/image.ts';
import type { Location } from '#model/origin.ts';
import type { Package } from '../vulnerabilities/package.ts';
import { mayHoldPackage, readApkInstalled, readDpkgStatus, systemPackage } from './distro-packages.ts';
import type { SystemPackage } from './distro-packages.ts';
import { isElf, readElf } from './elf.ts';
import { languagePackages, programPackages, tellsPackages } from './language-packages.ts';
import { missingLibraries } from './libraries.ts';
import type { LinkedElf, MissingLibrary } from './libraries.ts';
import { readOsRelease } from './os-release.ts';
import type { Distribution } from './os-release.ts';
import { rpmBlobs } from './rpm-database.ts';
import { readRpmHeader } from './rpm-header.ts';

/** What is known of an image after all its files were seen. */
export interface ImageReport {
  readonly image: Pick<Image, 'reference' | 'digest' | 'config'>;
  readonly distribution: Distribution | undefined;
  readonly packages: readonly Package[];
  readonly missing: readonly MissingLibrary[];
  /** Paths of programs that run with their owner's or group's rights. */
  readonly setuid: readonly string[];
  readonly notAnalysed: readonly NotAnalysed[];
}

const PATHS_MAX = 2_000_000;
const DPKG_STATUS = /^var\/lib\/dpkg\/(?:status|status\.d\/[^/]+)$/;
const DPKG_LIST = /^var\/lib\/dpkg\/info\/[^/]+\.list$/;
const APK = /^(?:usr\/)?lib\/apk\/db\/installed$/;
const RPM = /^(?:var|usr)\/lib\/(?:sysimage\/)?rpm\/(?:Packages|Packages\.db|rpmdb\.sqlite)$/;
const OS_RELEASE = /^(?:etc|usr\/lib)\/os-release$/;
const LOADER_PATHS = /^etc\/(?:ld\.so\.conf(?:\.d\/[^/]+\.conf)?|ld-musl-[\w-]+\.path)$/;

/** The place of a file inside an image. @param inside further into an archive */
export function imageLocation(reference: string, path: string, inside = ''): Location {
  return { file: [reference, path, inside].filter((part) => part !== '').join('!/'), line: 1, column: 1 };
}

/** Looks at the files of one image, in any order. */
export class ImageInspector {
  readonly #image: Pick<Image, 'reference' | 'digest' | 'config' | 'layers'>;
  readonly #system: { readonly found: SystemPackage; readonly path: string; readonly layer: string }[] = [];
  readonly #language: { readonly path: string; readonly packages: readonly Package[] }[] = [];
  readonly #owned = new Set<string>();
  readonly #elves = new Map<string, LinkedElf>();
  readonly #links = new Map<string, string>();
  readonly #paths = new Set<string>();
  readonly #folders: string[] = [];
  readonly #setuid: string[] = [];
  readonly #notAnalysed: NotAnalysed[] = [];
  readonly #releases = new Map<string, Distribution>();

  constructor(image: Pick<Image, 'reference' | 'digest' | 'config' | 'layers'>) {
    this.#image = image;
  }

  /** Whether a file's content is needed here; programs and libraries are told by their first bytes only. */
  wants({ path, size, mode }: Pick<ImageFile, 'path' | 'size' | 'mode'>): boolean {
    return (mode & 0o111) !== 0 || /\.so(?:\.|$)/.test(path) || isNamed(path) || tellsPackages(path, size);
  }

  /** Takes note of one entry. */
  take(file: ImageFile): void {
    if (file.hidden) return;
    const { path, type } = file;
    if (type === 'symlink') {
      this.#links.set(path, file.target);
      return;
    }
    if (this.#paths.size < PATHS_MAX) this.#paths.add(path);
    if (type !== 'file' && type !== 'hardlink') return;
    if ((file.mode & 0o6000) !== 0 && (file.mode & 0o111) !== 0) this.#setuid.push(path);
    if (file.bytes) this.#content(path, file.bytes, this.#image.layers[file.layer]?.digest ?? '');
    else if (type === 'file' && file.size > 0 && (RPM.test(path) || APK.test(path) || DPKG_STATUS.test(path)))
      this.#skipped(path, 'too-large', 'the package database is too large to be read');
  }

  #content(path: string, bytes: Uint8Array, layer: string): void {
    const locate = (inside: string): Location => imageLocation(this.#image.reference, path, inside);
    if (isElf(bytes)) {
      const elf = readElf(bytes);
      if (!elf) return;
      const { bits, machine, interpreter, needed, rpath, runpath, soname } = elf;
      this.#elves.set(path, { bits, machine, interpreter, needed, rpath, runpath, soname });
      const packages = programPackages(elf, locate, layer);
      if (packages.length > 0) this.#language.push({ path, packages });
    } else if (isNamed(path)) this.#named(path, bytes, layer);
    else {
      const packages = languagePackages(path, bytes, locate, layer);
      if (packages.length > 0) this.#language.push({ path, packages });
    }
  }

  #named(path: string, bytes: Uint8Array, layer: string): void {
    const add = (found: readonly SystemPackage[]): void => {
      for (const each of found) this.#system.push({ found: each, path, layer });
    };
    if (RPM.test(path)) {
      const blobs = rpmBlobs(bytes);
      if (!blobs) this.#skipped(path, 'unreadable', 'the rpm database is of a format that is not read');
      for (const blob of blobs ?? []) {
        const header = readRpmHeader(blob);
        if (!header) continue;
        add([header.package]);
        for (const file of header.owned) this.#owned.add(file);
      }
      return;
    }
    const text = new TextDecoder().decode(bytes);
    if (DPKG_STATUS.test(path)) add(readDpkgStatus(text));
    else if (DPKG_LIST.test(path)) {
      for (const line of text.split('\n')) if (mayHoldPackage(line)) this.#owned.add(line.replace(/^\/+/, ''));
    } else if (APK.test(path)) {
      const { packages, owned } = readApkInstalled(text);
      add(packages);
      for (const file of owned) this.#owned.add(file);
    } else if (OS_RELEASE.test(path)) this.#releases.set(path, readOsRelease(text));
    else {
      for (const line of text.split(/[\n:]/))
        if (line.trim().startsWith('/')) this.#folders.push(line.trim().replace(/^\/+/, ''));
    }
  }

  #skipped(path: string, what: string, message: string): void {
    this.#notAnalysed.push({ file: imageLocation(this.#image.reference, path).file, what, message });
  }

  /** What was found. */
  finish(): ImageReport {
    const { reference, digest, config } = this.#image;
    const distribution = this.#releases.get('etc/os-release') ?? this.#releases.get('usr/lib/os-release');
    const packages = new Map<string, Package>();
    for (const { found, path, layer } of this.#system) {
      const one = systemPackage(found, distribution, imageLocation(reference, path), layer);
      if (one.purl !== '' && !packages.has(one.purl)) packages.set(one.purl, one);
    }
    for (const { path, packages: found } of this.#language) {
      // What a package of the distribution brought along is fixed by the distribution, under the distribution's version.
      if (this.#owned.has(path) || this.#owned.has(resolveMerged(path))) continue;
      for (const one of found)
        if (!packages.has(`${one.purl} ${one.location.file}`)) packages.set(`${one.purl} ${one.location.file}`, one);
    }
    const notAnalysed = [...this.#notAnalysed];
    if (this.#system.length > 0 && (distribution?.ecosystem ?? '') === '') {
      const name = distribution?.name ?? 'its distribution is not named';
      notAnalysed.push({
        file: reference,
        what: 'no-advisories',
        message: `there are no OSV advisories for this distribution (\`${name}\`): its ${this.#system.length} packages are listed, not judged`,
      });
    }
    const environment = config.env
      .filter((each) => each.startsWith('LD_LIBRARY_PATH='))
      .flatMap((each) => each.slice(16).split(':'))
      .filter((each) => each.startsWith('/'));
    const missing = missingLibraries({
      elves: this.#elves,
      links: this.#links,
      has: (path) => this.#paths.has(path),
      folders: this.#folders,
      environment: environment.map((each) => each.replace(/^\/+/, '')),
    });
    return {
      image: { reference, digest, config },
      distribution,
      packages: [...packages.values()],
      missing,
      setuid: this.#setuid.toSorted(),
      notAnalysed,
    };
  }
}

function isNamed(path: string): boolean {
  return (
    RPM.test(path) ||
    DPKG_STATUS.test(path) ||
    DPKG_LIST.test(path) ||
    APK.test(path) ||
    OS_RELEASE.test(path) ||
    LOADER_PATHS.test(path)
  );
}

/** Where `/lib` is a link to `/usr/lib`, package lists still name the former. */
function resolveMerged(path: string): string {
  return path.startsWith('usr/lib/') ? path.slice(4) : path;
}
