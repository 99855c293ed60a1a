/** The day on which the mutants are scanned, so that ages and terms stay what they are: 2026-11-24. */
export const MUTANTS_NOW = Date.UTC(2026, 10, 24, 12);
