// One service at different versions in systems that are deployed apart: clusters, edges, regions.
import type { Finding } from '#model/finding.ts';
import type { System } from '#model/system.ts';
import { environmentIn } from '../../environments.ts';
import { findingOf } from '../../rule.ts';
import { runImages } from './images.ts';
import type { RunImage } from './images.ts';
import { versionHits, versions } from './versions.ts';

/** @param units each with the path or name that people know it by; units of different environments are compared by parity instead */
export function versionsAcross(units: readonly { readonly name: string; readonly system: System }[]): readonly Finding[] {
  if (units.length < 2) return [];
  const home = new Map<RunImage, string>();
  for (const { name, system } of units) for (const image of runImages(system)) home.set(image, name);
  const apart = (a: RunImage, b: RunImage): boolean => {
    const [left, right] = [home.get(a) ?? '', home.get(b) ?? ''];
    if (left === right) return false;
    const [one, two] = [environmentOf(left), environmentOf(right)];
    return one === two || one === undefined || two === undefined;
  };
  return [...versionHits([...home.keys()], apart)].map((hit) => findingOf(versions, hit));
}

/** The last part of a path that names an environment decides. */
function environmentOf(path: string): string | undefined {
  return path
    .split('/')
    .toReversed()
    .map((part) => environmentIn(part.replace(/\.[a-z]{2,5}$/, ''))?.kind)
    .find((kind) => kind !== undefined);
}
