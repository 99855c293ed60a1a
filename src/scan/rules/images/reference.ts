// References of images as Kubernetes and Docker read them (github.com/distribution/reference), and what their tags promise.
import coerce from 'semver/functions/coerce.js';
import compareBuild from 'semver/functions/compare-build.js';
import valid from 'semver/functions/valid.js';

export interface ImageReference {
  /** `docker.io` when none is written. */
  readonly registry: string;
  /** `library/nginx`, `team/cart` */
  readonly repository: string;
  readonly tag: string | undefined;
  /** `sha256:…` */
  readonly digest: string | undefined;
}

const TEXT_MAX = 1000;

/** Undefined for an empty text, and for one that a template still has to fill. */
export function parseImage(text: string): ImageReference | undefined {
  const image = text.trim();
  if (image === '' || image.length > TEXT_MAX || /[\s{}$<>]/.test(image)) return undefined;
  const at = image.indexOf('@');
  const digest = at === -1 ? undefined : image.slice(at + 1);
  const name = at === -1 ? image : image.slice(0, at);
  const slash = name.lastIndexOf('/');
  const colon = name.indexOf(':', slash + 1);
  const tag = colon === -1 ? undefined : name.slice(colon + 1);
  const path = colon === -1 ? name : name.slice(0, colon);
  const first = path.slice(0, Math.max(0, path.indexOf('/')));
  const hosted = first === 'localhost' || /[.:]/.test(first);
  const registry = hosted ? first : 'docker.io';
  const rest = hosted ? path.slice(first.length + 1) : path;
  if (rest === '') return undefined;
  const official = registry === 'docker.io' && !rest.includes('/');
  return { registry, repository: official ? `library/${rest}` : rest, tag, digest };
}

/** What a tag promises about what is behind it tomorrow. */
export type TagKind =
  /** A full version, perhaps with a variant: `1.2.3-alpine`. */
  | 'version'
  /** A commit, a date or a build number: stays what it is, and says nothing about what comes after it. */
  | 'build'
  /** Part of a version: moves with each release of it. */
  | 'partial'
  /** A branch or a stage: moves with each build. */
  | 'moving'
  | 'latest'
  | 'none';

const FULL = /(?:^|[-_])v?\d{1,9}\.\d{1,9}\.\d{1,9}(?:[-+_.][\w.+-]{0,120})?$/;

export function tagKind({ tag, digest }: Pick<ImageReference, 'tag' | 'digest'>): TagKind {
  if (digest !== undefined) return 'version';
  if (tag === undefined || tag === '') return 'none';
  if (tag === 'latest') return 'latest';
  // The parser makes an error of what is none: it is asked only about what has the three numbers.
  if ((/^v?\d+\.\d+\.\d/.test(tag) && valid(tag) !== null) || FULL.test(tag)) return 'version';
  if (
    /^(?:git-|sha-|g)?(?=[0-9a-f]{0,39}\d)[0-9a-f]{7,40}$/.test(tag) ||
    /(?:^|[-_.])(?:19|20)\d\d[-_.]?[01]\d[-_.]?[0-3]\d/.test(tag)
  )
    return 'build';
  if (/^(?:build|b|r|rev)[-_.]?\d{1,12}$|^[\w.]{1,60}-[0-9a-f]{7,40}$|^\d{5,12}$/.test(tag)) return 'build';
  return /^v?\d{1,9}(?:\.\d{1,9})?(?:[-_.][a-zA-Z][\w.-]{0,100})?$/.test(tag) ? 'partial' : 'moving';
}

/** Which of two tags is older; 0 when their order cannot be told. */
export function compareTags(a: string, b: string): number {
  const [left, right] = [coerce(a, { includePrerelease: true }), coerce(b, { includePrerelease: true })];
  return left && right ? compareBuild(left, right) : 0;
}
