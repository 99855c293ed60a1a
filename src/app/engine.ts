// How Node's engine and allocator are set for every plane. `bench/memory.ts` and `bench/proxy/run.ts` are what these figures were chosen by.

export const ENGINE_FLAGS: readonly string[] = [
  '--disallow-code-generation-from-strings',
  '--disable-proto=throw',
  // Patterns of users run on V8's linear engine when they backtrack too much.
  '--enable-experimental-regexp_engine-on-excessive-backtracks',
  // Requests leave little behind: a small nursery costs no speed here and 50 MB less than the default one.
  '--max-semi-space-size=4',
  // V8 would take what connections keep of their last request for long-lived and put each next one into old space at once. What the dead ones there
  // point to lives on until a full collection.
  '--no-allocation-site-pretenuring',
  // A full collection holds requests up for 15 to 25 ms on a machine without an idle core. What lives is 15 to 20 MB and hardly any garbage joins it: to
  // let the heap double makes one rare. V8's own choice grows it less, and had three times as many; more would cost memory.
  '--heap-growing-percent=100',
  // One helper at the side of the main thread: four would take four fifths of a busy core while they mark.
  '--v8-pool-size=1',
];

export const ENGINE_ENV: Readonly<Record<string, string>> = {
  // Threads that hardly allocate need no heaps of their own.
  MALLOC_ARENA_MAX: '1',
  // Both grow by themselves as large pieces come and go, and what TLS connections leave behind is then kept for good.
  MALLOC_TRIM_THRESHOLD_: '262144',
  MALLOC_MMAP_THRESHOLD_: '131072',
};
