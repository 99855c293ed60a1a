// The proof that authorize() let a request through; forward() takes nothing else.
import { AssertionBug } from '#base/assert.ts';

const KEY = Symbol('permit');
// Filled by the class's static block: the only ways in and out that its private parts have.
let mint: (policy: string, rule: number) => Permit;
let owns: (value: object) => boolean;

/** Made by authorize() and by permitWithoutPolicy() alone; a test holds the code to it. Carries what granted it. */
export class Permit {
  readonly #granted: true;
  /** `namespace/name` of the policy that allowed; '' when no ALLOW policy is in force there. */
  readonly policy: string;
  /** Index into spec.rules, -1 when no rule was needed. */
  readonly rule: number;

  private constructor(key: symbol, policy: string, rule: number) {
    if (key !== KEY) throw new AssertionBug('a permit can only be granted by authorize()');
    this.#granted = true;
    this.policy = policy;
    this.rule = rule;
    Object.freeze(this);
  }

  /** Whether `value` is a real permit, not an object that looks like one. */
  static #owns(value: object): boolean {
    return #granted in value && value.#granted;
  }

  static {
    mint = (policy, rule) => new Permit(KEY, policy, rule);
    owns = (value) => Permit.#owns(value);
  }
}

/** Whether `value` was granted here; a copy, a JSON round trip or a look-alike is not a permit. */
export function isPermit(value: unknown): value is Permit {
  return typeof value === 'object' && value !== null && owns(value);
}

/** For policy/compile.ts alone. @param rule index into spec.rules, -1 when no rule was needed */
export function grantPermit(policy: string, rule: number): Permit {
  return mint(policy, rule);
}

/**
 * A permit with policy switched off: whoever calls this must say it loudly at start-up and in every event.
 * @param reason why no policy is asked, shown as the permit's policy
 */
export function permitWithoutPolicy(reason: string): Permit {
  return mint(`(policy off: ${reason})`, -1);
}
