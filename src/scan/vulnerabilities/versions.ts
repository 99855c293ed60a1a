// Which versions come first, exactly as each ecosystem's own tools order them.
import { compareAlpine } from './versions/alpine.ts';
import { compareDebian } from './versions/debian.ts';
import { compareMaven } from './versions/maven.ts';
import { compareNuget } from './versions/nuget.ts';
import { compareCran, compareHackage } from './versions/numbers.ts';
import { comparePackagist } from './versions/packagist.ts';
import { comparePub } from './versions/pub.ts';
import { comparePypi } from './versions/pypi.ts';
import { compareRpm } from './versions/rpm.ts';
import { compareRubygems } from './versions/rubygems.ts';
import { compareSemver } from './versions/semver.ts';
import type { Compare } from './versions/text.ts';

/** By the ecosystem's name in OSV, lower-case, without the `:release` behind it (https://ossf.github.io/osv-schema/#defined-ecosystems). */
const SCHEMES: ReadonlyMap<string, Compare> = new Map<string, Compare>([
  ['alpaquita', compareAlpine],
  ['alpine', compareAlpine],
  ['chainguard', compareAlpine],
  ['minimos', compareAlpine],
  ['wolfi', compareAlpine],
  ['bellsoft hardened containers', compareAlpine],
  ['debian', compareDebian],
  ['echo', compareDebian],
  ['ubuntu', compareDebian],
  ['almalinux', compareRpm],
  ['azure linux', compareRpm],
  ['mageia', compareRpm],
  ['openeuler', compareRpm],
  ['opensuse', compareRpm],
  ['photon os', compareRpm],
  ['red hat', compareRpm],
  ['rocky linux', compareRpm],
  ['suse', compareRpm],
  ['amazon linux', compareRpm],
  ['fedora', compareRpm],
  ['oracle linux', compareRpm],
  ['bioconductor', compareCran],
  ['cran', compareCran],
  ['hackage', compareHackage],
  ['ghc', compareSemver],
  ['maven', compareMaven],
  ['nuget', compareNuget],
  ['packagist', comparePackagist],
  ['pub', comparePub],
  ['pypi', comparePypi],
  ['rubygems', compareRubygems],
  ['bitnami', compareSemver],
  ['crates.io', compareSemver],
  ['go', compareSemver],
  ['hex', compareSemver],
  ['npm', compareSemver],
  ['swifturl', compareSemver],
  ['github actions', compareSemver],
  ['julia', compareSemver],
  ['conancenter', compareSemver],
  ['vscode', compareSemver],
  ['opam', compareDebian],
]);

/** The ordering of an ecosystem: `npm`, `Debian:12`, `Maven:https://repo.example` … Unknown ones are ordered as semantic versions. */
export function versionOrder(ecosystem: string): Compare {
  const colon = ecosystem.indexOf(':');
  return SCHEMES.get((colon === -1 ? ecosystem : ecosystem.slice(0, colon)).toLowerCase()) ?? compareSemver;
}

/**
 * Compares two versions of one ecosystem.
 * @param ecosystem OSV's name, with or without a release
 * @returns below, at or above 0
 * @example compareVersions('PyPI', '1.0rc1', '1.0') // below 0
 */
export function compareVersions(ecosystem: string, a: string, b: string): number {
  return versionOrder(ecosystem)(a, b);
}
