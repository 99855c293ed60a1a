// Header fields as the proxy sees them, whatever protocol they came in.
import type { HeaderList } from '../types.ts';

export class FieldList implements HeaderList {
  readonly names: string[] = [];
  readonly values: string[] = [];

  get length(): number {
    return this.names.length;
  }

  add(name: string, value: string): void {
    this.names.push(name);
    this.values.push(value);
  }

  name(i: number): string {
    return this.names[i]!;
  }

  /** HTTP/2 has lower case only. */
  rawName(i: number): string {
    return this.names[i]!;
  }

  value(i: number): string {
    return this.values[i]!;
  }

  get(name: string): string | undefined {
    const at = this.names.indexOf(name);
    return at === -1 ? undefined : this.values[at];
  }

  all(name: string): readonly string[] {
    const found: string[] = [];
    for (let i = 0; i < this.names.length; i++) if (this.names[i] === name) found.push(this.values[i]!);
    return found;
  }
}
