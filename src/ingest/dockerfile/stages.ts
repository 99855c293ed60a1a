// The stages of a build, with the ARGs of known value put into their base images.
import type { BuildInstruction, BuildStage } from '#model/image-build.ts';

/** Stages in order; a `FROM name` that names an earlier stage continues it. */
export function stagesOf(instructions: readonly BuildInstruction[]): readonly BuildStage[] {
  const stages: BuildStage[] = [];
  const named = new Map<string, number>();
  // Only ARGs before the first FROM are seen by FROM lines.
  const values = new Map<string, string>();
  for (const [at, { keyword, text, stage, onbuild }] of instructions.entries()) {
    if (stage < 0 && keyword === 'ARG') {
      for (const [name, value] of argumentsOf(text)) if (value !== undefined) values.set(name, expand(value, values) ?? value);
    }
    if (keyword !== 'FROM' || onbuild) continue;
    const [written = '', as = '', name = ''] = text.split(/\s+/, 3);
    const base = expand(written, values);
    const parent = base === undefined ? undefined : named.get(base.toLowerCase());
    stages.push({
      index: stages.length,
      ...(as.toUpperCase() === 'AS' && name !== '' && { name: name.toLowerCase() }),
      written,
      ...(base !== undefined && base !== '' && { base }),
      ...(parent !== undefined && { parent }),
      at,
    });
    if (as.toUpperCase() === 'AS' && name !== '') named.set(name.toLowerCase(), stages.length - 1);
  }
  return stages;
}

/** `ARG A=1 B` */
export function argumentsOf(text: string): readonly (readonly [name: string, value: string | undefined])[] {
  return text
    .split(/\s+/)
    .slice(0, 1000)
    .map((word) => {
      const equals = word.indexOf('=');
      return equals < 0 ? [word, undefined] : [word.slice(0, equals), word.slice(equals + 1).replaceAll(/^["']|["']$/g, '')];
    });
}

/** Puts in `$A`, `${A}`, `${A:-default}`, `${A:+other}`; undefined when a value is not known. */
export function expand(text: string, values: ReadonlyMap<string, string>): string | undefined {
  let known = true;
  const result = text.replaceAll(
    /\$(?:\{([A-Za-z_]\w{0,99})(?::([-+?])([^${}]{0,300}))?\}|([A-Za-z_]\w{0,99}))/g,
    (_, braced: string | undefined, operator: string | undefined, word: string | undefined, bare: string | undefined) => {
      const value = values.get(braced ?? bare ?? '');
      const given = value !== undefined && value !== '';
      if (operator === '-') return given ? value : (word ?? '');
      if (operator === '+') return given ? (word ?? '') : '';
      if (value === undefined) known = false;
      return value ?? '';
    },
  );
  return known ? result : undefined;
}
