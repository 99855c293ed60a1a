// What a workload's changes of state mean for the journal and for the record of started processes.
import type { State } from '#host/state.ts';
import type { RunStatus } from '#host/supervise.ts';
import type { ProcessLog } from './process-log.ts';

export class WorkloadLog {
  readonly #log: Pick<ProcessLog, 'say'>;
  readonly #records: Pick<State, 'track' | 'untrack'>;
  readonly #last = new Map<string, RunStatus>();

  constructor(log: Pick<ProcessLog, 'say'>, records: Pick<State, 'track' | 'untrack'>) {
    this.#log = log;
    this.#records = records;
  }

  take(id: string, status: RunStatus): void {
    const before = this.#last.get(id);
    this.#last.set(id, status);
    const pidBefore = before?.pid ?? 0;
    if (pidBefore > 0 && status.pid !== pidBefore) {
      this.#records.untrack(pidBefore);
      this.#log.say('exited', id, pidBefore, exitText(status));
    }
    if (status.pid > 0 && status.pid !== pidBefore) {
      this.#records.track(status.pid, id);
      this.#log.say(
        status.restarts > 0 ? 'restarted' : 'started',
        id,
        status.pid,
        status.restarts > 0 ? `restart ${status.restarts}` : '',
      );
    }
    if (status.state === 'ready' && before?.state !== 'ready') this.#log.say('ready', id, status.pid, '');
    // It never had a process: the folder or the program is not there.
    if (status.state === 'restarting' && before?.state === 'starting' && pidBefore === 0)
      this.#log.say('exited', id, 0, status.detail);
    if (status.state === 'stopped') this.#last.delete(id);
  }
}

function exitText({ state, lastExit, detail }: RunStatus): string {
  if (state === 'stopped') return 'stopped';
  if (detail !== '') return detail;
  return lastExit?.signal ? `ended by ${lastExit.signal}` : `exited with ${lastExit?.code ?? 'nothing'}`;
}
