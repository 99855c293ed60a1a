import type { Clock } from '#base/ports.ts';
import type { Metrics } from './metrics.ts';

/** Has memory, processor time and start of this process rendered with the registry. */
export function measureProcess(metrics: Metrics, clock: Clock): void {
  metrics.gauge('cullis_process_start_time_seconds').set(Math.round(clock.nowMs() / 1000 - process.uptime()));
  let seconds = 0;
  metrics.onRender(() => {
    metrics.gauge('cullis_process_resident_memory_bytes').set(process.memoryUsage.rss());
    const { user, system } = process.cpuUsage();
    const now = (user + system) / 1e6;
    metrics.counter('cullis_process_cpu_seconds_total').inc(now - seconds);
    seconds = now;
  });
}
