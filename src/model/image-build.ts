// How an image is built: a Dockerfile, instruction by instruction.
import type { Resource } from './resource.ts';

export interface BuildFlag {
  /** Without dashes: `from`, `chown`, `mount`. */
  readonly name: string;
  readonly value: string;
}

export interface BuildInstruction {
  /** Upper case; of `ONBUILD RUN x` the trigger's, with `onbuild` set. */
  readonly keyword: string;
  /** What follows the keyword and its flags: continuation lines joined with a space, comment lines gone, heredoc bodies not in it. */
  readonly text: string;
  readonly flags: readonly BuildFlag[];
  /** The words of the JSON form. */
  readonly json?: readonly string[];
  readonly heredocs: readonly { readonly name: string; readonly text: string }[];
  /** Counts from 1. */
  readonly line: number;
  /** Index of its stage; -1 before the first FROM. */
  readonly stage: number;
  readonly onbuild: boolean;
}

export interface BuildStage {
  readonly index: number;
  /** After `AS`, lower case. */
  readonly name?: string;
  /** As written. */
  readonly written: string;
  /** With ARGs of known value put in; undefined when a part of it comes from outside. */
  readonly base?: string;
  /** The earlier stage that it continues. */
  readonly parent?: number;
  /** Index of its FROM in `instructions`. */
  readonly at: number;
}

export interface ImageBuild {
  readonly file: string;
  /** Kind `Dockerfile`, named after the file; `['instructions', i]` is where an instruction is written. */
  readonly resource: Resource;
  readonly instructions: readonly BuildInstruction[];
  readonly stages: readonly BuildStage[];
  /** What follows the `escape` directive, `\` when there is none. */
  readonly escape: string;
  /** Whether a `.dockerignore` that applies to it was read. */
  readonly ignoreFile: boolean;
  /** Ids of workloads that run an image which this file builds, as far as names tell. */
  readonly workloads: readonly string[];
}
