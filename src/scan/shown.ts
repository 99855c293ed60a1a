/** A value of a manifest for people: texts and numbers as they are, everything else as short JSON. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return value;
  const text = JSON.stringify(value) ?? '';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
