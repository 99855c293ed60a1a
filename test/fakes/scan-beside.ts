// A file of any content scanned beside one that is known to be right.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { analyse } from '#app/scan/analyse.ts';
import type { Analysis } from '#app/scan/analyse.ts';
import { read } from './scan-inputs.ts';

export const NOW_MS = Date.parse('2026-11-24T12:00:00Z');
const GOOD = { path: 'good/web.yaml', bytes: read('test/fixtures/see/deploy/web.yaml'), stamp: '' };
/** Of the good file alone, whatever else is in the tree. */
const OF_THE_FILE = ['pod.privileged', 'image.tag', 'tls.ingress-plain'];

function scanned(path: string, bytes: Uint8Array): Analysis {
  return analyse([{ path, bytes, stamp: '' }, GOOD], { nowMs: NOW_MS });
}

/** Ids of the findings that the good file has by itself. */
function ofTheGood({ data }: Analysis): readonly string[] {
  return [...data.findings, ...data.units.flatMap((unit) => unit.findings)]
    .filter(({ code, location }) => location?.file === GOOD.path && OF_THE_FILE.includes(code))
    .map(({ code, id }) => `${code} ${id}`)
    .filter((each, i, all) => all.indexOf(each) === i)
    .toSorted();
}

/** Whether anything is said of the file. */
export function isTold({ data }: Analysis, path: string): boolean {
  return (
    data.notAnalysed.some(({ file }) => file === path) ||
    data.units.some((unit) => unit.diagnostics.some(({ location }) => location?.file === path)) ||
    [...data.findings, ...data.units.flatMap((unit) => unit.findings)].some(({ location }) => location?.file === path)
  );
}

export const GOOD_SYSTEM = analyse([GOOD], { nowMs: NOW_MS }).units[0]!.system;
const want = ofTheGood(analyse([GOOD], { nowMs: NOW_MS }));

/** Scans it, and looks whether the good file is judged as ever. @param about for the message when it is not */
export function check(path: string, bytes: Uint8Array, about: string): Analysis {
  let result: Analysis;
  try {
    result = scanned(path, bytes);
  } catch (error) {
    throw new Error(`${about}: ${(error as Error).stack}`, { cause: error });
  }
  assert.deepEqual(ofTheGood(result), want, about);
  return result;
}

/** Every place in plain data that a value can be put to. */
export function placesIn(root: unknown): readonly (readonly [holder: Record<string, unknown>, key: string])[] {
  const places: (readonly [Record<string, unknown>, string])[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const key of Object.keys(node)) {
      places.push([node as Record<string, unknown>, key]);
      visit((node as Record<string, unknown>)[key]);
    }
  };
  visit(root);
  return places;
}

/** What no schema foresees. */
export const WRONG = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    1e308,
    '',
    '__proto__',
    '\u0000',
    '../../etc',
    'x'.repeat(3000),
    '*',
    '10.0.0.0/8',
    '::/0',
  ),
  fc.constantFrom<unknown>([], {}, [[]], [null], { a: null }, [{}], { name: {} }, [{ name: [] }], { matchLabels: [] }),
  fc.integer(),
  fc.string({ maxLength: 20 }),
);
