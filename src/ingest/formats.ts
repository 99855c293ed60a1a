// Every format beside Kubernetes objects, one row each.
import type { Format, TextFormat } from './format.ts';

export const FORMATS: readonly Format[] = [];

export const TEXT_FORMATS: readonly TextFormat[] = [];
